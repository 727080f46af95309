package io.gllm.kernels.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringReader;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

class HtmlReportTest {
  private static final BenchReport REPORT = SampleReports.of(SampleReports.result("a", 1, 0.9, 100e-9),
      SampleReports.result(SampleReports.LIBRARY, "a", 1, 0.8, 110e-9),
      CaseResult.skipped(new CaseKey("cpu 1t", "gemm", "b", "f32", "n=9"), "none", new Work(1, 2, 0), "takes too long"));

  /** Our pages are XML as well, apart from the first line: a parser finds every tag that is not closed or escaped. */
  private static Document parse(String html) throws Exception {
    assertTrue(html.startsWith("<!DOCTYPE html>\n"));
    return DocumentBuilderFactory.newInstance().newDocumentBuilder()
        .parse(new InputSource(new StringReader(html.substring(html.indexOf('\n')))));
  }

  private static List<Element> elements(Document page, String tag) {
    var found = page.getElementsByTagName(tag);
    return IntStream.range(0, found.getLength()).mapToObj(i -> (Element) found.item(i)).toList();
  }

  @Test
  void everyNumberIsThereAsText() throws Exception {
    String text = parse(REPORT.html()).getDocumentElement().getTextContent();
    for (String number : List.of("100.0 ns", "2.0", "1.0", "90.0", "250.000 ms", "5.0", "takes too long", "110.0 ns", "1.100")) {
      assertTrue(text.contains(number), number);
    }
  }

  @Test
  void thePageNeedsNothingElse() throws Exception {
    String html = REPORT.html();
    Document page = parse(html);
    for (String tag : List.of("script", "link", "img", "iframe", "a", "object", "use", "image")) {
      assertEquals(0, elements(page, tag).size(), tag);
    }
    Matcher elsewhere = Pattern.compile("https?:|url\\(|@import|\\son\\w+=").matcher(html);
    assertFalse(elsewhere.find(), () -> elsewhere.group());
    assertTrue(html.contains("default-src 'none'") || html.contains("default-src &#39;none&#39;"));
  }

  @Test
  void itIsReadableOnLightAndDarkPaper() {
    assertTrue(REPORT.html().contains("prefers-color-scheme: dark"));
    assertTrue(REPORT.html().contains("color-scheme: light dark"));
  }

  @Test
  void plotsHaveAPointForEachCaseAndALineForEachLimit() throws Exception {
    Document page = parse(REPORT.html());
    assertEquals(1, elements(page, "circle").size(), "the library has no limits of its own, the other case was left out");
    assertEquals("gemm a f32 n=8: 2.0 GFLOP/s, 90.0 % of the roofline", elements(page, "circle").getFirst().getTextContent().strip());
    long roofs = elements(page, "line").stream().filter(line -> line.getAttribute("class").equals("roof")).count();
    assertEquals(2 * 2, roofs, "each in the plot and in its legend");
    assertTrue(elements(page, "svg").stream().filter(svg -> svg.getAttribute("role").equals("img"))
        .allMatch(svg -> svg.getAttribute("aria-label").contains("numbers are in the table")));
  }

  @Test
  void pointsAndBarsLieWhereTheirNumbersSay() throws Exception {
    Document page = parse(REPORT.html());
    Element point = elements(page, "circle").getFirst();
    LogScale x = LogScale.around(2, 3, 70, 940);
    LogScale y = LogScale.around(2, 6, 415, 15);
    assertEquals(x.at(2), Double.parseDouble(point.getAttribute("cx")), 0.1);
    assertEquals(y.at(2), Double.parseDouble(point.getAttribute("cy")), 0.1);
    Element bar = elements(page, "rect").stream().filter(r -> r.getAttribute("class").equals("c0") && r.getAttribute("height").equals("13"))
        .findFirst().orElseThrow();
    Element mark = elements(page, "line").stream().filter(l -> l.getAttribute("class").equals("limit")).findFirst().orElseThrow();
    double share = Double.parseDouble(bar.getAttribute("width")) / Double.parseDouble(mark.getAttribute("x1"));
    assertEquals(0.9, share, 0.001, "the bar reaches 90 % of its limit");
  }

  @Test
  void scalesAreLogarithmic() {
    LogScale scale = LogScale.around(0.3, 40, 0, 300);
    assertEquals(List.of(0.1, 1.0, 10.0, 100.0), scale.ticks());
    assertEquals(100, scale.at(1), 1e-9);
    assertEquals(List.of(1.0, 10.0), LogScale.around(1, 1, 0, 1).ticks(), "never empty");
  }

  @Test
  void hostileTextStaysText() throws Exception {
    String hostile = "<script>alert('x')</script>\"&\u0000\ud800\u001b[31m--><!--]]>";
    Contender contender = new Contender(hostile, false, hostile, hostile, List.of(), hostile, hostile, 1, 1);
    CaseResult sample = SampleReports.result("a", 1, 0.9, 1e-9);
    CaseResult result = new CaseResult(new CaseKey(hostile, hostile, hostile, hostile, hostile), hostile, sample.work(), 1,
        sample.samples(), 0.9, 0.9, sample.bound(), 0, 1, null);
    Machine machine = new Machine(hostile, 1, hostile, hostile, hostile, hostile, hostile);
    List<PeakResult> peaks = List.of(new PeakResult(hostile, sample.bound(), 1 << 20, hostile, 1e9, 1e9, 0));
    BenchReport report = new BenchReport(machine, List.of(contender), List.of(hostile), peaks, List.of(result),
        List.of(new BarOutcome(hostile, hostile, BarOutcome.Measure.SHARE, 1, Double.NaN, hostile)));
    Document page = parse(report.html(Comparison.of(report, report, 0.03, false)));
    assertEquals(0, elements(page, "script").size());
    assertTrue(page.getDocumentElement().getTextContent().contains("<script>alert('x')</script>\"&\ufffd\ufffd\ufffd[31m--><!--]]>"));
  }

  @Test
  void aComparisonIsPartOfThePage() throws Exception {
    BenchReport now = SampleReports.of(SampleReports.result("a", 1, 0.5, SampleReports.around(2)));
    Comparison comparison = Comparison.of(SampleReports.of(SampleReports.result("a", 1, 0.9, SampleReports.around(1))), now, 0.03, false);
    Document page = parse(now.html(comparison));
    Element verdict = elements(page, "td").stream().filter(td -> td.getTextContent().equals("SLOWER")).findFirst().orElseThrow();
    assertEquals("bad", verdict.getAttribute("class"));
  }

  @Test
  void aReportWithoutAnythingIsAPage() throws Exception {
    assertTrue(parse(SampleReports.of().html()).getDocumentElement().getTextContent().contains("gllm bench"));
  }
}

package io.gllm.kernels.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import io.gllm.kernels.api.DType;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Foreign libraries; what needs one is skipped with the reason where it is not installed. */
class PeerTest {
  private static final BenchOptions QUICK = BenchOptions.DEFAULT.withSuites("overhead").on(new Setting("cpu", null, null, 1)).sampling(1,
      0.01);
  private static final PrintStream QUIET = new PrintStream(OutputStream.nullOutputStream());

  private static Peer peer(String name) {
    try {
      return name.equals(OpenBlas.NAME) ? OpenBlas.open() : OneDnn.open();
    } catch (PeerMissing missing) {
      return abort(missing.getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"openblas", "onednn"})
  void multipliesAsItsSizesSay(String name) {
    Peer peer = peer(name);
    peer.useThreads(1);
    check(peer, new Product(3, 5, 7, false));
    check(peer, new Product(3, 5, 7, true));
    check(peer, new Product(9, 1, 4, false));
    peer.useThreads(2);
    check(peer, new Product(64, 65, 66, true));
  }

  private static void check(Peer peer, Product p) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment a = numbers(arena, p.m() * p.k());
      MemorySegment b = numbers(arena, p.k() * p.n());
      MemorySegment c = numbers(arena, p.m() * p.n());
      peer.multiply(p, a, b, c);
      for (long i = 0; i < p.m(); i++) {
        for (long j = 0; j < p.n(); j++) {
          double sum = 0;
          for (long l = 0; l < p.k(); l++) {
            sum += (double) at(a, i * p.k() + l) * at(b, p.transposed() ? j * p.k() + l : l * p.n() + j);
          }
          assertEquals(sum, at(c, i * p.n() + j), 1e-3, p + " at " + i + ", " + j);
        }
      }
    }
  }

  private static MemorySegment numbers(Arena arena, long n) {
    MemorySegment values = arena.allocate(4 * n, 64);
    for (long i = 0; i < n; i++) {
      values.setAtIndex(ValueLayout.JAVA_FLOAT, i, (i * 37 % 19 - 9) / 8f);
    }
    return values;
  }

  private static float at(MemorySegment values, long i) {
    return values.getAtIndex(ValueLayout.JAVA_FLOAT, i);
  }

  @Test
  void runsBesideTheDeviceOnTheProductsThatBothHave() {
    peer(OpenBlas.NAME);
    BenchReport report = Bench.run(QUICK.withPeers(true, "openblas").sampling(5, 0.01), QUIET);
    List<String> ran = report.cases().stream().filter(c -> c.key().contender().equals("openblas 1t")).map(c -> c.key().op()).toList();
    assertEquals(List.of("gemv"), ran);
    PeerRow row = report.peerRows().getFirst();
    assertEquals("cpu 1t", row.ours().key().contender());
    assertTrue(row.shift().isKnown() && report.table().contains("as fast"), report.table());
  }

  @Test
  void theFormsOfAProductAreComparedWithTheSameProduct() {
    Set<Product> products = Set.of(new Product(2, 3, 4, false), new Product(2, 3, 4, true));
    assertTrue(products.contains(MatrixCases.gemm("x", DType.F32, 2, 3, 4).product()));
    assertTrue(MatrixCases.gemmBt("x", DType.F32, 2, 3, 4).product().transposed());
    assertTrue(MatrixCases.prepacked("x", DType.F32, 2, 3, 4).product().transposed());
    assertNull(MatrixCases.gemm("x", DType.BF16, 2, 3, 4).product(), "another type is another product");
    assertEquals(new Product(2, 1, 3, false), MatrixCases.gemv("x", DType.F32, 2, 3).product());
  }

  @Test
  void aLibraryThatIsNotInstalledIsNamed() {
    var missing = assertThrows(PeerMissing.class, () -> ForeignLibrary.load("abacus", List.of("libabacus.so.9", "abacus.dll")));
    assertEquals("abacus is not installed: no libabacus.so.9, abacus.dll", missing.getMessage());
  }

  @Test
  void aPeerThatNobodyKnowsIsAMistake() {
    var unknown = assertThrows(IllegalArgumentException.class, () -> Bench.run(QUICK.withPeers(false, "abacus"), QUIET));
    assertTrue(unknown.getMessage().contains("known: openblas, onednn"), unknown.getMessage());
  }
}

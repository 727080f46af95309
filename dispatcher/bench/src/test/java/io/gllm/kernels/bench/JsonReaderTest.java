package io.gllm.kernels.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonReaderTest {
  @Test
  void readsEveryKindOfValue() {
    assertEquals(Map.of("a", List.of(1.0, -2.5e-3, true, false), "b", Map.of("c", "d"), "e", List.of()),
        JsonReader.read("{\"a\": [1, -2.5e-3, true, false],\n\t\"b\":{\"c\":\"d\"}, \"e\": [ ]}\r\n"));
    assertEquals(Arrays.asList(null, 0.0, 10.0), JsonReader.read("[null, 0, 1E+1]"));
  }

  @Test
  void readsWhatIsWritten() {
    String text = "quote \" backslash \\ line\n separator \u2028 accent \u00e9 emoji \ud83d\ude00 slash /";
    assertEquals(text, JsonReader.read(Json.text(text)));
    assertEquals("/\b\f\n\r\t\"A", JsonReader.read("\"\\/\\b\\f\\n\\r\\t\\\"\\u0041\""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "{", "[", "[1", "[1,", "[1,]", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}", "{a:1}", "[1 2]", "nul",
    "truth", "tru", "01", "+1", ".5", "1.", "1e", "--1", "0x1", "NaN", "Infinity", "1e999", "'a'", "\"a", "\"\\x\"", "\"\\u12\"",
    "\"\\u12g4\"", "\"\u0001\"", "1 1", "{} []", "{\"a\":1,\"a\":2}", "\ufeff1"})
  void refusesWhatIsNoJson(String text) {
    assertThrows(IllegalArgumentException.class, () -> JsonReader.read(text));
  }

  @Test
  void saysWhereTheMistakeIs() {
    var error = assertThrows(IllegalArgumentException.class, () -> JsonReader.read("{\n  \"a\": 1,\n  \"b\": ?\n}"));
    assertEquals("line 3, column 8: no JSON value", error.getMessage());
  }

  @Test
  void depthIsBounded() {
    String deepest = "[".repeat(JsonReader.MOST_DEPTH) + "]".repeat(JsonReader.MOST_DEPTH);
    assertEquals(1, ((List<?>) JsonReader.read(deepest)).size());
    var error = assertThrows(IllegalArgumentException.class, () -> JsonReader.read("[".repeat(1_000_000)));
    assertTrue(error.getMessage().contains("nested deeper"), error.getMessage());
  }

  @Test
  void longNumbersAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> JsonReader.read("1".repeat(100_000)));
  }
}

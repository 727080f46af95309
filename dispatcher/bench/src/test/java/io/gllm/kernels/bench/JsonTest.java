package io.gllm.kernels.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTest {
  @Test
  void writesEveryKindOfValue() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("b", List.of(1, 2.5, true));
    map.put("a", null);
    map.put("rows", List.of(Map.of("x", 1L)));
    map.put("none", List.of());
    assertEquals("""
        {
          "b": [1, 2.5, true],
          "a": null,
          "rows": [
            {
              "x": 1
            }
          ],
          "none": []
        }
        """, Json.text(map));
  }

  @Test
  void escapesWhatMustBe() {
    assertEquals("\"a\\\"b\\\\c\\u000a\\u2028\u00e9\"\n", Json.text("a\"b\\c\n\u2028\u00e9"));
  }

  @Test
  void whatIsNoNumberInJsonIsNull() {
    assertEquals("[null, null, 1.0E-9]\n", Json.text(List.of(Double.NaN, Double.POSITIVE_INFINITY, 1e-9)));
  }
}

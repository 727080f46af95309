package io.gllm.kernels.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An index and its shards. */
class SafetensorsShardsTest {
  @TempDir
  Path folder;

  @BeforeEach
  void writeShards() {
    new SafetensorsWriter().ints("a", new int[]{1}).ints("b", new int[]{2}).write(folder.resolve("one.safetensors"));
    new SafetensorsWriter().ints("c", new int[]{3}).write(folder.resolve("two.safetensors"));
  }

  private Path index(String text) {
    return SafetensorsWriter.write(folder.resolve("model.safetensors.index.json"),
        text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void readsTensorsOfAllShards() {
    Path path = index("{'metadata':{'total_size':12,'more':[{'x':-1.5e3},null,true,'y']},"
        + "'weight_map':{'c':'two.safetensors','a':'one.safetensors','b':'one.safetensors'}}\n");
    try (SafetensorsSource source = SafetensorsSource.open(path)) {
      assertEquals(2, assertInstanceOf(SafetensorsShards.class, source).files().size());
      assertEquals(3, source.tensors().size());
      assertArrayEquals(new int[]{3}, source.tensor("c").buffer().toIntArray());
      assertArrayEquals(new int[]{2}, source.tensor("b").buffer().toIntArray());
      assertThrows(SafetensorsException.class, () -> source.tensor("d"));
    }
    try (SafetensorsSource source = SafetensorsSource.open(folder.resolve("two.safetensors"))) {
      assertInstanceOf(SafetensorsFile.class, source);
    }
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
    "{'weight_map':{'a':'one.safetensors','c':'two.safetensors'}}                        | 'b' is not placed in this file",
    "{'weight_map':{'a':'one.safetensors','b':'two.safetensors','c':'two.safetensors'}}  | 'b' is not in two.safetensors",
    "{'weight_map':{'a':'three.safetensors'}}                                            | no such file",
    "{'weight_map':{'a':'../one.safetensors'}}                                           | no safetensors file beside the index",
    "{'weight_map':{'a':'/etc/one.safetensors'}}                                         | no safetensors file beside the index",
    "{'weight_map':{'a':'..\\\\one.safetensors'}}                                        | no safetensors file beside the index",
    "{'weight_map':{'a':'passwd'}}                                                       | no safetensors file beside the index",
    "{'weight_map':{'a':'one.safetensors','a':'one.safetensors'}}                        | tensor 'a' appears twice",
    "{'weight_map':{'a':7}}                                                              | expected '\"', found '7'",
    "{'weight_map':{},'weight_map':{}}                                                   | unknown or appears twice",
    "{'metadata':{},'metadata':{},'weight_map':{}}                                       | unknown or appears twice",
    "{'other':{},'weight_map':{}}                                                        | unknown or appears twice",
    "{'metadata':{'x':01},'weight_map':{}}                                               | expected a value",
    "{'metadata':{'x':nul},'weight_map':{}}                                              | expected a value",
    "{'metadata':{}}                                                                     | no weight_map",
    "{'weight_map':{}} {}                                                                | something follows",
    "[]                                                                                  | expected '{'",
  })
  void anIndexThatBreaksARuleIsRejected(String text, String expected) {
    Path path = index(text);
    var e = assertThrows(SafetensorsException.class, () -> SafetensorsSource.open(path));
    assertTrue(e.getMessage().contains(expected), e.getMessage());
  }

  @Test
  void deepNestingIsRejected() {
    String deep = "{'metadata':" + "[".repeat(16) + "]".repeat(16) + ",'weight_map':{}}";
    SafetensorsShards.open(index(deep)).close();
    Path tooDeep = index(deep.replace("[]", "[[]]"));
    assertTrue(
        assertThrows(SafetensorsException.class, () -> SafetensorsShards.open(tooDeep)).getMessage().contains("nested more than 16"));
    Path hostile = index("{'metadata':" + "[".repeat(1_000_000));
    assertThrows(SafetensorsException.class, () -> SafetensorsShards.open(hostile));
  }
}

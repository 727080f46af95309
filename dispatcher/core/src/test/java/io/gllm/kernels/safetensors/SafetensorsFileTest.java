package io.gllm.kernels.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.DType;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a safetensors file may hold, and one broken rule at a time. */
class SafetensorsFileTest {
  @TempDir
  Path folder;

  private SafetensorsFile open(byte[] bytes) {
    return SafetensorsFile.open(SafetensorsWriter.write(folder.resolve("some.safetensors"), bytes));
  }

  private SafetensorsFile open(String head, int dataBytes) {
    return open(SafetensorsWriter.file(head.replace('\'', '"'), new byte[dataBytes]));
  }

  private SafetensorsException rejected(String head, int dataBytes, String expected) {
    var e = assertThrows(SafetensorsException.class, () -> open(head, dataBytes).close(), head);
    assertTrue(e.getMessage().contains(expected), () -> "'" + e.getMessage() + "' does not say '" + expected + "'");
    assertTrue(e.getMessage().startsWith("some.safetensors, byte ") && e.offset() >= 0, e.getMessage());
    return e;
  }

  @Test
  void readsTensorsInPlace() {
    byte[] bytes = new SafetensorsWriter().metadata("format", "pt").floats("a", new float[]{1, 2, 3, 4, 5, 6}, 2, 3)
        .ints("b.c", new int[]{7}).add("none", "F16", MemorySegment.ofArray(new byte[0]), 0, 5).bytes();
    try (SafetensorsFile file = open(bytes)) {
      assertEquals(Map.of("format", "pt"), file.metadata());
      assertEquals(List.of("a", "b.c", "none"), file.tensors().stream().map(SafetensorsTensor::name).toList());
      assertArrayEquals(new long[]{2, 3}, file.tensor("a").shape());
      assertArrayEquals(new float[]{1, 2, 3, 4, 5, 6}, file.tensor("a").buffer().toFloatArray());
      assertArrayEquals(new int[]{7}, file.tensor("b.c").buffer().toIntArray());
      assertEquals(0, file.tensor("b.c").shape().length);
      assertEquals(DType.I32, file.tensor("b.c").type().operand());
      assertEquals(0, file.tensor("none").byteSize());
      assertTrue(file.tensor("a").segment().isReadOnly());
      assertTrue(assertThrows(SafetensorsException.class, () -> file.tensor("d")).getMessage().contains("no tensor 'd'"));
      assertFalse(file.hasTensor("d"));
    }
  }

  @Test
  void closingTwiceIsHarmlessAndEndsTheUse() {
    SafetensorsFile file = open(new SafetensorsWriter().ints("a", new int[]{1}).bytes());
    MemorySegment segment = file.tensor("a").segment();
    file.close();
    file.close();
    assertFalse(file.isOpen());
    assertThrows(IllegalStateException.class, () -> segment.asByteBuffer().get(0));
  }

  @Test
  void tensorsMayComeInAnyOrderWithAnySpaceAndEscapes() {
    String head = "{\n 'b\\u00e4\\ud83d\\ude00\\n' : { 'data_offsets' : [ 4 , 8 ] , 'shape':[ 4 ],'dtype':'U8'},\t"
        + "'a':{'dtype':'I16','shape':[2,1],'data_offsets':[0,4]}}\r\n  ";
    try (SafetensorsFile file = open(head, 8)) {
      assertTrue(file.hasTensor("b\u00e4\ud83d\ude00\n") && file.hasTensor("a"), file.tensors().toString());
    }
    open("{}", 0).close();
    open("{'__metadata__':{}}", 0).close();
  }

  @Test
  void anUnalignedTensorIsNoOperandButCanBeRead() {
    try (SafetensorsFile file = open(
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[1,5]},'b':{'dtype':'BOOL','shape':[1],'data_offsets':[0,1]}} ",
        5)) {
      assertEquals(4, file.tensor("a").segment().byteSize());
      assertNotEquals(0, file.tensor("a").fileOffset() % 4);
      assertTrue(assertThrows(SafetensorsException.class, () -> file.tensor("a").buffer()).getMessage().contains("no multiple"));
      assertTrue(assertThrows(SafetensorsException.class, () -> file.tensor("b").buffer()).getMessage().contains("no operator"));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 3, 100_000_001, Long.MAX_VALUE, -1, Long.MIN_VALUE})
  void theLengthOfTheHeadMustFit(long length) {
    byte[] bytes = ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN).putLong(length).put((byte) '{').put((byte) '}').array();
    var e = assertThrows(SafetensorsException.class, () -> open(bytes));
    assertEquals(0, e.offset());
    assertTrue(e.getMessage().contains("the head has " + Long.toUnsignedString(length) + " bytes"), e.getMessage());
  }

  @Test
  void theFileMustBeThere() {
    assertTrue(
        assertThrows(SafetensorsException.class, () -> SafetensorsFile.open(folder.resolve("x"))).getMessage().contains("no such file"));
    assertTrue(assertThrows(SafetensorsException.class, () -> SafetensorsFile.open(folder)).getMessage().contains("no regular file"));
    assertThrows(SafetensorsException.class, () -> open(new byte[0]));
    assertThrows(SafetensorsException.class, () -> open(new byte[9]));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
    "[1]                                             | does not start with '{'",
    "{} x                                            | something follows",
    "{'a' 1}                                         | expected ':', found '1'",
    "{'a':1}                                         | expected '{', found '1'",
    "{'a':{}}                                        | expected '\"', found '}'",
    "{'a                                             | holds the end unescaped",
    "{'a\\                                           | holds the end unescaped",
    "{,}                                             | expected '\"', found ','",
    "{'__metadata__':{},}                            | expected '\"', found '}'",
    "{'__metadata__':{'a':1}}                        | expected '\"', found '1'",
    "{'__metadata__':{'a':{'b':'c'}}}                | expected '\"', found '{'",
    "{'__metadata__':{'a':'b','a':'c'}}              | metadata 'a' appears twice",
    "{'__metadata__':{},'__metadata__':{}}           | __metadata__ appears twice",
    "{'__metadata__':{'\\x':'c'}}                    | escape that JSON does not have",
    "{'__metadata__':{'\\u00g0':'c'}}                | escape that JSON does not have",
    "{'__metadata__':{'\\u00':'c'}}                  | escape that JSON does not have",
    "{'__metadata__':{'\\ud800':'c'}}                | half a surrogate pair",
  })
  void theHeadMustBeJsonOfTheFormat(String head, String expected) {
    rejected(head, 0, expected);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
    "'dtype':'F33','shape':[2],'data_offsets':[0,8]                     | dtype 'F33'; known are",
    "'dtype':'F32','shape':[2]                                          | needs dtype, shape and two data_offsets",
    "'dtype':'F32','data_offsets':[0,8]                                 | needs dtype, shape and two data_offsets",
    "'shape':[2],'data_offsets':[0,8]                                   | needs dtype, shape and two data_offsets",
    "'dtype':'F32','shape':[2],'data_offsets':[8]                       | needs dtype, shape and two data_offsets",
    "'dtype':'F32','shape':[2],'data_offsets':[0,8,9]                   | more than 2 numbers",
    "'dtype':'F32','dtype':'F32','shape':[2],'data_offsets':[0,8]       | has dtype twice",
    "'dtype':'F32','shape':[2],'shape':[2],'data_offsets':[0,8]         | has shape twice",
    "'dtype':'F32','shape':[2],'data_offsets':[0,8],'data_offsets':[0,8]| has data_offsets twice",
    "'dtype':'F32','shape':[2],'data_offsets':[0,8],'stride':[1]        | a field 'stride'",
    "'dtype':'F32','shape':[-2],'data_offsets':[0,8]                    | expected a whole number, found '-'",
    "'dtype':'F32','shape':[2.0],'data_offsets':[0,8]                   | expected ']', found '.'",
    "'dtype':'F32','shape':[02],'data_offsets':[0,8]                    | leading zero",
    "'dtype':'F32','shape':[[2]],'data_offsets':[0,8]                   | expected a whole number, found '['",
    "'dtype':'F32','shape':[2,],'data_offsets':[0,8]                    | expected a whole number, found ']'",
    "'dtype':'F32','shape':[9223372036854775808],'data_offsets':[0,8]   | more than 2^63-1",
    "'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,8] | more than 2^63 bits",
    "'dtype':'F32','shape':[1,1,1,1,1,1,1,1,2],'data_offsets':[0,8]     | more than 8 numbers",
    "'dtype':'F32','shape':[3],'data_offsets':[0,8]                     | has 8 bytes, its shape and dtype need 12",
    "'dtype':'F4','shape':[3],'data_offsets':[0,8]                      | no whole number of bytes",
    "'dtype':'F32','shape':[2],'data_offsets':[8,0]                     | lies at data bytes 8 to 0",
    "'dtype':'F32','shape':[3],'data_offsets':[0,12]                    | the file has 8 data bytes",
    "'dtype':'F32','shape':[1],'data_offsets':[4,8]                     | 4 bytes belong to no tensor",
    "'dtype':'F32','shape':[1],'data_offsets':[0,4]                     | 4 bytes belong to no tensor",
  })
  void aTensorMustFitItsPlace(String fields, String expected) {
    rejected("{'a':{" + fields + "}}", 8, expected);
  }

  @Test
  void tensorsMustShareNoByteAndNoName() {
    String four = "':{'dtype':'F32','shape':[1],'data_offsets':";
    rejected("{'a" + four + "[0,4]},'a" + four + "[4,8]}}", 8, "tensor 'a' appears twice");
    rejected("{'a" + four + "[0,4]},'b" + four + "[2,6]}}", 6, "overlaps");
    rejected("{'a" + four + "[0,4]},'b" + four + "[0,4]}}", 4, "overlaps");
    rejected("{'a" + four + "[0,4]},'b':{'dtype':'F32','shape':[0],'data_offsets':[2,2]}}", 4, "overlaps");
    rejected("{'a" + four + "[0,4]},'b" + four + "[6,10]}}", 10, "2 bytes belong to no tensor");
  }

  @Test
  void limitsHoldAndTextIsUtf8() {
    rejected("{'" + "n".repeat(1025) + "':{}}", 0, "more than 1024 bytes");
    rejected(" {}", 0, "does not start with '{'");
    rejected("{'a\nb':{}}", 0, "unescaped");
    byte[] bytes = SafetensorsWriter.file("{\"__metadata__\":{\"?\":\"b\"}}", new byte[0]);
    bytes[new String(bytes, StandardCharsets.ISO_8859_1).indexOf('?')] = (byte) 0xc0;
    assertTrue(assertThrows(SafetensorsException.class, () -> open(bytes)).getMessage().contains("not valid UTF-8"));
  }
}

package io.gllm.kernels.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.QuantFormat;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GgufFileTest {
  @TempDir
  Path folder;

  private GgufFile open(GgufWriter writer) {
    return GgufFile.open(writer.write(folder.resolve("model.gguf")));
  }

  private GgufException rejected(GgufWriter writer) {
    return assertThrows(GgufException.class, () -> open(writer).close());
  }

  private static void says(String part, GgufException e) {
    assertTrue(e.getMessage().contains(part), e.getMessage());
    assertEquals("model.gguf", e.file());
  }

  @Test
  void readsEveryScalarType() {
    GgufWriter writer = new GgufWriter().string("s", "gr\u00fc\u00dfe").bool("yes", true).f32("f", 1.5f).f64("d", 2.5).u32("u", -1)
        .number("u8", GgufType.U8, 255).number("i8", GgufType.I8, -2).number("u16", GgufType.U16, 65535).number("i16", GgufType.I16, -3)
        .number("i32", GgufType.I32, -4).number("u64", GgufType.U64, Long.MAX_VALUE).number("i64", GgufType.I64, -5);
    try (GgufFile file = open(writer)) {
      GgufMetadata m = file.metadata();
      assertEquals("gr\u00fc\u00dfe", m.string("s"));
      assertTrue(m.bool("yes", false));
      assertEquals(1.5f, m.real("f"));
      assertEquals(2.5f, m.real("d"));
      assertEquals(0xffffffffL, m.integer("u"));
      assertEquals(255, m.integer("u8"));
      assertEquals(-2, m.integer("i8"));
      assertEquals(65535, m.integer("u16"));
      assertEquals(-3, m.integer("i16"));
      assertEquals(-4, m.integer("i32"));
      assertEquals(Long.MAX_VALUE, m.integer("u64"));
      assertEquals(-5, m.integer("i64"));
      assertEquals("STRING", m.typeOf("s"));
      assertEquals(12, m.keys().size());
    }
  }

  @Test
  void readsArrays() {
    GgufWriter writer = new GgufWriter().strings("s", "a", "", "\u2581b").integers("i", 1, -2, 3).floats("f", 1, 2.5f).nested("n", 3);
    try (GgufFile file = open(writer)) {
      assertArrayEquals(new String[]{"a", "", "\u2581b"}, file.metadata().strings("s"));
      assertArrayEquals(new int[]{1, -2, 3}, file.metadata().integers("i"));
      assertArrayEquals(new float[]{1, 2.5f}, file.metadata().reals("f"));
      assertEquals(1, file.metadata().arrayLength("n"));
      assertEquals("STRING[3]", file.metadata().typeOf("s"));
    }
  }

  @Test
  void missingOrMistypedValuesSaySo() {
    try (GgufFile file = open(new GgufWriter().string("s", "text").u32("u", 7).f32("nan", Float.NaN).nested("n", 2).integers("i", 1))) {
      GgufMetadata m = file.metadata();
      says("'none' is missing", assertThrows(GgufException.class, () -> m.string("none")));
      says("'s' is STRING, expected an integer", assertThrows(GgufException.class, () -> m.integer("s")));
      says("'u' is U32, expected an array of strings", assertThrows(GgufException.class, () -> m.strings("u")));
      says("'i' is I32[1], expected an array of strings", assertThrows(GgufException.class, () -> m.strings("i")));
      says("'i' is I32[1], expected an array of floating-point", assertThrows(GgufException.class, () -> m.reals("i")));
      says("'n' is ARRAY[1], expected an array of integers", assertThrows(GgufException.class, () -> m.integers("n")));
      says("'u' is 7, expected 1 to 6", assertThrows(GgufException.class, () -> m.integerIn("u", 1, 6)));
      says("expected a finite number", assertThrows(GgufException.class, () -> m.real("nan")));
      says("expected a truth value", assertThrows(GgufException.class, () -> m.bool("u", true)));
      assertEquals("other", m.string("none", "other"));
      assertEquals(9, m.integer("none", 9));
      assertEquals(3, m.integerIn("none", 1, 6, 3));
    }
  }

  @Test
  void tensorsAreSlicesOfTheFile() {
    GgufWriter writer = new GgufWriter().alignment(64).tensor("a", new float[]{1, 2, 3, 4, 5, 6}, 3, 2).tensor("q", 8, new byte[34], 32, 1);
    Buffer closed;
    try (GgufFile file = open(writer)) {
      GgufTensor a = file.tensor("a");
      assertEquals(DType.F32, a.type());
      assertEquals(0, a.fileOffset() % 64);
      assertArrayEquals(new long[]{3, 2}, a.dims());
      assertEquals(1, a.dim(2));
      assertEquals(6, a.elements());
      Buffer buffer = a.buffer();
      assertArrayEquals(new float[]{1, 2, 3, 4, 5, 6}, buffer.toFloatArray());
      assertTrue(buffer.segment().isReadOnly());
      assertEquals(QuantFormat.Q8_0, file.tensor("q").type());
      assertEquals(32, file.tensor("q").buffer().length());
      assertEquals(List.of("a", "q"), file.tensors().stream().map(GgufTensor::name).toList());
      says("no tensor 'b'", assertThrows(GgufException.class, () -> file.tensor("b")));
      closed = buffer;
    }
    assertFalse(closed.isOpen());
    assertThrows(IllegalStateException.class, closed::toFloatArray);
  }

  @Test
  void unknownElementTypesAreListedButNotRead() {
    try (GgufFile file = open(new GgufWriter().tensor("strange", 250, new byte[10], 10).tensor("a", new float[]{1}, 1))) {
      assertEquals(250, file.tensor("strange").typeId());
      assertFalse(file.tensor("strange").isKnown());
      says("'strange' has elements of unknown type 250", assertThrows(GgufException.class, () -> file.tensor("strange").buffer()));
      assertEquals(1, file.tensor("a").buffer().length());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4, 0x7fffffff, -1})
  void otherVersionsAreRejected(int version) {
    says("versions 2 and 3 are supported", rejected(new GgufWriter().version(version)));
  }

  @Test
  void version2IsRead() {
    try (GgufFile file = open(new GgufWriter().version(2).u32("u", 1))) {
      assertEquals(2, file.version());
    }
  }

  @Test
  void bigEndianFilesAreRejected() {
    says("big-endian", rejected(new GgufWriter().version(Integer.reverseBytes(3))));
  }

  @Test
  void otherFilesAreRejected() throws Exception {
    GgufException empty = assertThrows(GgufException.class,
        () -> GgufFile.open(GgufWriter.write(folder.resolve("model.gguf"), new byte[0])));
    says("the magic needs 4 bytes", empty);
    says("does not start with 'GGUF'",
        assertThrows(GgufException.class, () -> GgufFile.open(GgufWriter.write(folder.resolve("model.gguf"), "hello world".getBytes()))));
    assertThrows(GgufException.class, () -> GgufFile.open(folder.resolve("none.gguf")));
    assertThrows(GgufException.class, () -> GgufFile.open(folder));
  }

  @Test
  void duplicatesAreRejected() {
    says("'k' appears twice", rejected(new GgufWriter().u32("k", 1).string("k", "v")));
    says("tensor 't' appears twice", rejected(new GgufWriter().tensor("t", new float[]{1}, 1).tensor("t", new float[]{1}, 1)));
    says("empty", rejected(new GgufWriter().u32("", 1)));
    says("empty", rejected(new GgufWriter().tensor("", new float[]{1}, 1)));
  }

  @Test
  void deepNestingIsRejected() {
    says("nests arrays", rejected(new GgufWriter().nested("n", 6)));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7, 24, 1 << 21, -32})
  void badAlignmentsAreRejected(int alignment) {
    says("general.alignment", rejected(new GgufWriter().u32("general.alignment", alignment)));
  }

  @Test
  void badShapesAreRejected() {
    says("dimension of 0", rejected(new GgufWriter().tensor("t", new float[]{1}, 1, 0)));
    says("dimension of 18446744073709551615", rejected(new GgufWriter().tensor("t", new float[]{1}, -1)));
    says("more than 2^63 elements", rejected(new GgufWriter().tensor("t", new float[]{1}, 1L << 32, 1L << 32)));
    says("more than 2^63 elements", rejected(new GgufWriter().tensor("t", new float[]{1}, 3, Long.MAX_VALUE)));
    says("more than 2^63 bytes", rejected(new GgufWriter().tensor("t", new float[]{1}, 1L << 62)));
    says("5 dimensions", rejected(new GgufWriter().tensor("t", new float[]{1}, 1, 1, 1, 1, 1)));
    says("rows of 33 elements", rejected(new GgufWriter().tensor("t", 8, new byte[68], 33)));
    says("takes 8 bytes", rejected(new GgufWriter().tensor("t", new float[]{1}, 2)));
  }

  @Test
  void overlapsAreRejected() {
    GgufWriter writer = new GgufWriter().tensor("a", new float[16], 16).tensor("b", new float[8], 8);
    byte[] bytes = writer.bytes();
    GgufWriter.Field offset = writer.fields().stream().filter(f -> f.what().equals("b offset")).findFirst().orElseThrow();
    bytes[offset.offset()] = 32;
    Path path = GgufWriter.write(folder.resolve("model.gguf"), bytes);
    says("overlap", assertThrows(GgufException.class, () -> GgufFile.open(path)));
    bytes[offset.offset()] = 33;
    GgufWriter.write(path, bytes);
    says("no multiple of the alignment", assertThrows(GgufException.class, () -> GgufFile.open(path)));
  }

  @Test
  void invalidTextIsRejected() {
    GgufWriter writer = new GgufWriter().string("key", "value");
    byte[] bytes = writer.bytes();
    bytes[24 + 8] = (byte) 0xff;
    Path path = GgufWriter.write(folder.resolve("model.gguf"), bytes);
    GgufException e = assertThrows(GgufException.class, () -> GgufFile.open(path));
    says("not valid UTF-8", e);
    assertEquals(32, e.offset());
  }

  @Test
  void aReplacementCharacterIsValidText() {
    try (GgufFile file = open(new GgufWriter().string("key", "a\uFFFDb"))) {
      assertEquals("a\uFFFDb", file.metadata().string("key"));
    }
  }

  @Test
  void closingTwiceIsHarmless() {
    GgufFile file = open(new GgufWriter().u32("u", 1));
    file.close();
    file.close();
    assertFalse(file.isOpen());
    assertThrows(IllegalStateException.class, () -> file.metadata().integer("u"));
  }
}

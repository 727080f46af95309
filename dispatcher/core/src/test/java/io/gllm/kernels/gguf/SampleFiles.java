package io.gllm.kernels.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.tokenizer.Tokenizer;
import java.nio.file.Path;

/** The small file that the fuzz tests damage, and a reader that looks at all of it. */
final class SampleFiles {
  private SampleFiles() {}

  /** The same with a byte-level vocabulary. */
  static GgufWriter withBytePairs() {
    return SampleVocabularies.bytePairs(small(), "llama-bpe", "t h", "th e", "\u0120 the", "i n");
  }

  /** The same with a SentencePiece vocabulary. */
  static GgufWriter withSentencePieces() {
    return SampleVocabularies.sentencePieces(small(), true, "\u2581t", "he", "\u2581the", "\u2581", "t", "h", "e");
  }

  /** A valid file with every type of value, nested arrays, and tensors of several types. */
  static GgufWriter small() {
    return new GgufWriter().alignment(64).string("general.architecture", "llama").bool("b", true).f32("f", 1.5f).f64("d", 2.5)
        .number("u8", GgufType.U8, 255).number("i8", GgufType.I8, -2).number("u16", GgufType.U16, 65535).number("i16", GgufType.I16, -3)
        .number("i32", GgufType.I32, -4).number("u64", GgufType.U64, 1L << 40).number("i64", GgufType.I64, -5).u32("u", 7)
        .integers("ints", 1, 2, 3).floats("floats", 1, 2).nested("nested", 4).strings("words", "alpha", "", "gamma")
        .tensor("a", new float[24], 8, 3).tensor("q8", 8, new byte[34 * 4], 64, 2).tensor("q4k", 12, new byte[144], 256)
        .tensor("strange", 250, new byte[10], 10).tensor("scalar", new float[1]).tensor("b", 1, new byte[40], 5, 2, 2);
  }

  /** Opens a file and uses everything in it; if that succeeds, the file was read correctly. */
  static void use(Path path) {
    try (GgufFile file = GgufFile.open(path)) {
      file.metadata().keys().forEach(key -> use(file.metadata(), key));
      if (file.metadata().contains("tokenizer.ggml.model")) {
        useTokenizer(file.metadata());
      }
      long size = path.toFile().length();
      for (GgufTensor tensor : file.tensors()) {
        assertTrue(tensor.elements() > 0 && tensor.fileOffset() >= 0 && tensor.fileOffset() <= size, tensor::toString);
        if (tensor.isKnown()) {
          assertEquals(tensor.elements(), tensor.buffer().length());
          assertTrue(tensor.fileOffset() + tensor.byteSize() <= size, tensor::toString);
        }
      }
    }
  }

  /** A vocabulary that loads must work, or say which text it lacks. */
  private static void useTokenizer(GgufMetadata metadata) {
    Tokenizer tokenizer = Tokenizer.of(metadata);
    String text = "in the \u4e2d <tool>";
    for (int id : tokenizer.encode(text, true, true)) {
      assertTrue(id >= 0 && id < tokenizer.vocabularySize(), text);
      tokenizer.decode(id);
    }
  }

  private static void use(GgufMetadata metadata, String key) {
    String type = metadata.typeOf(key);
    switch (type.replaceAll("\\[.*", "[]")) {
      case "STRING" -> metadata.string(key);
      case "BOOL" -> metadata.bool(key, false);
      case "F32", "F64" -> metadata.real(key);
      case "STRING[]" -> metadata.strings(key);
      case "F32[]", "F64[]" -> metadata.reals(key);
      case "ARRAY[]", "BOOL[]" -> metadata.arrayLength(key);
      default -> {
        if (type.endsWith("]")) {
          metadata.integers(key);
        } else {
          metadata.integer(key);
        }
      }
    }
  }
}

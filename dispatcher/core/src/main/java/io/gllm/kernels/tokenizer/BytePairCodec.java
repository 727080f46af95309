package io.gllm.kernels.tokenizer;

import io.gllm.kernels.gguf.GgufException;
import io.gllm.kernels.gguf.GgufMetadata;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Byte-level byte-pair encoding with ranked merges, the {@code gpt2} model of GGUF files (Sennrich et al., 2016; GPT-2). */
final class BytePairCodec implements TokenCodec, SymbolChain.Pairs {
  private static final String MERGES = "tokenizer.ggml.merges";

  private final String file;
  private final Vocabulary vocabulary;
  private final PreTokenizer words;
  private final PairTable merges;
  private final int[] byteIds = new int[256];

  BytePairCodec(GgufMetadata metadata, Vocabulary vocabulary, PreTokenizer words) {
    this.file = metadata.file();
    this.vocabulary = vocabulary;
    this.words = words;
    for (int b = 0; b < 256; b++) {
      byteIds[b] = vocabulary.id(String.valueOf(ByteAlphabet.charOf(b)));
    }
    this.merges = readMerges(metadata);
  }

  private PairTable readMerges(GgufMetadata metadata) {
    long limit = 16L * vocabulary.size() + 256;
    if (metadata.arrayLength(MERGES) > limit) {
      throw metadata.invalid(MERGES, "has " + metadata.arrayLength(MERGES) + " merges for " + vocabulary.size() + " tokens");
    }
    String[] lines = metadata.strings(MERGES);
    PairTable table = new PairTable(lines.length);
    for (int rank = 0; rank < lines.length; rank++) {
      String line = lines[rank];
      int space = line.indexOf(' ', 1);
      if (space < 0) {
        throw metadata.invalid(MERGES, "has merge " + rank + " '" + line + "', which is no pair");
      }
      String left = line.substring(0, space);
      String right = line.substring(space + 1);
      long joined = token(metadata, rank, left + right);
      table.putIfAbsent(token(metadata, rank, left), token(metadata, rank, right), (long) rank << 32 | joined);
    }
    return table;
  }

  private int token(GgufMetadata metadata, int rank, String text) {
    int id = vocabulary.id(text);
    if (id < 0) {
      throw metadata.invalid(MERGES, "has merge " + rank + " with '" + text + "', which is no token");
    }
    return id;
  }

  @Override
  public long join(SymbolChain chain, int left, int right) {
    return merges.get(chain.id(left), chain.id(right), SymbolChain.NONE);
  }

  @Override
  public void encode(String text, boolean first, IntList ids) {
    SymbolChain chain = new SymbolChain();
    words.words(text, word -> encodeWord(word, chain, ids));
  }

  private void encodeWord(String word, SymbolChain chain, IntList ids) {
    byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
    if (words.keepsWholeWords()) {
      int whole = vocabulary.ordinaryId(spell(bytes));
      if (whole >= 0) {
        ids.add(whole);
        return;
      }
    }
    chain.clear();
    for (int i = 0; i < bytes.length; i++) {
      chain.add(byteId(bytes[i] & 0xff), i, i + 1);
    }
    chain.joinAll(this);
    for (int symbol = chain.first(); symbol >= 0; symbol = chain.next(symbol)) {
      ids.add(chain.id(symbol));
    }
  }

  private int byteId(int b) {
    if (byteIds[b] < 0) {
      throw new GgufException(file, -1, "the vocabulary has no token for byte 0x%02x of the text".formatted(b));
    }
    return byteIds[b];
  }

  private static String spell(byte[] bytes) {
    StringBuilder spelled = new StringBuilder(bytes.length);
    for (byte b : bytes) {
      spelled.append(ByteAlphabet.charOf(b & 0xff));
    }
    return spelled.toString();
  }

  /** A character outside the byte alphabet, as in tokens that were added as plain text, stands for itself. */
  @Override
  public byte[] bytes(int id) {
    String text = vocabulary.text(id);
    if (vocabulary.type(id) == TokenType.USER_DEFINED) {
      return text.getBytes(StandardCharsets.UTF_8);
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
    text.codePoints().forEach(c -> {
      int b = ByteAlphabet.byteOf(c);
      if (b >= 0) {
        bytes.write(b);
      } else {
        bytes.writeBytes(Character.toString(c).getBytes(StandardCharsets.UTF_8));
      }
    });
    return bytes.toByteArray();
  }

  @Override
  public boolean addsSpace() {
    return false;
  }
}

package io.gllm.kernels.tokenizer;

import io.gllm.kernels.gguf.GgufMetadata;
import java.util.Objects;

/**
 * Text to token ids and back, as the model was trained: byte-level byte-pair encoding ({@code gpt2}) or SentencePiece
 * ({@code llama}), whichever the file names. Thread-safe.
 */
public final class Tokenizer {
  /** The value of a token id that the model does not have. */
  public static final int NONE = -1;

  private final Vocabulary vocabulary;
  private final TokenCodec codec;
  private final SpecialTokens specials;
  private final byte[][] bytes;
  private final int bos;
  private final int eos;
  private final int eot;
  private final boolean addsBos;
  private final boolean addsEos;

  private Tokenizer(GgufMetadata metadata) {
    String model = metadata.string("tokenizer.ggml.model");
    this.vocabulary = new Vocabulary(metadata);
    boolean addsBosByDefault;
    boolean llama = model.equals("llama");
    if (llama) {
      this.codec = new SentencePieceCodec(metadata, vocabulary);
      addsBosByDefault = true;
    } else if (model.equals("gpt2")) {
      PreTokenizer words = PreTokenizer.of(metadata);
      this.codec = new BytePairCodec(metadata, vocabulary, words);
      addsBosByDefault = words.addsBos();
    } else {
      throw metadata.invalid("tokenizer.ggml.model", "is '" + model + "'; supported are gpt2 and llama");
    }
    this.specials = new SpecialTokens(metadata, vocabulary);
    this.bos = vocabulary.special("tokenizer.ggml.bos_token_id", NONE);
    this.eos = vocabulary.special("tokenizer.ggml.eos_token_id", NONE);
    this.eot = vocabulary.special("tokenizer.ggml.eot_token_id",
        vocabulary.controlToken("<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>"));
    this.addsBos = required(metadata, "tokenizer.ggml.add_bos_token", addsBosByDefault, "tokenizer.ggml.bos_token_id", bos);
    this.addsEos = required(metadata, "tokenizer.ggml.add_eos_token", false, "tokenizer.ggml.eos_token_id", eos);
    this.bytes = pieces();
  }

  private static boolean required(GgufMetadata metadata, String key, boolean otherwise, String idKey, int id) {
    boolean adds = metadata.bool(key, otherwise);
    if (adds && id == NONE) {
      throw metadata.invalid(idKey, "is missing, but texts must have this token");
    }
    return adds;
  }

  private byte[][] pieces() {
    byte[][] pieces = new byte[vocabulary.size()][];
    byte[] nothing = {};
    for (int id = 0; id < pieces.length; id++) {
      TokenType type = vocabulary.type(id);
      pieces[id] = type == TokenType.CONTROL || type == TokenType.UNKNOWN ? nothing : codec.bytes(id);
    }
    return pieces;
  }

  /**
   * The tokenizer of a model file.
   *
   * @throws io.gllm.kernels.gguf.GgufException if the file has none, one of another kind, or a broken one
   */
  public static Tokenizer of(GgufMetadata metadata) {
    return new Tokenizer(metadata);
  }

  /**
   * The ids of a text. Control tokens in the text, such as {@code <|eot_id|>}, are taken as ordinary text.
   *
   * @param addSpecial whether to add the begin and end of text tokens that the model wants around a text
   * @throws io.gllm.kernels.gguf.GgufException if the vocabulary cannot express the text
   */
  public int[] encode(String text, boolean addSpecial) {
    return encode(text, addSpecial, false);
  }

  /**
   * The ids of a text.
   *
   * @param addSpecial whether to add the begin and end of text tokens that the model wants around a text
   * @param parseControl whether control tokens in the text become themselves, for prompts made from a trusted chat template
   * @throws io.gllm.kernels.gguf.GgufException if the vocabulary cannot express the text
   */
  public int[] encode(String text, boolean addSpecial, boolean parseControl) {
    Objects.requireNonNull(text, "text");
    IntList ids = new IntList();
    if (addSpecial && addsBos) {
      ids.add(bos);
    }
    encodeParts(text, parseControl, ids);
    if (addSpecial && addsEos) {
      ids.add(eos);
    }
    return ids.toArray();
  }

  private void encodeParts(String text, boolean parseControl, IntList ids) {
    int start = 0;
    boolean first = true;
    for (int i = 0; i < text.length();) {
      int special = specials.at(text, i, parseControl);
      if (special < 0) {
        i++;
        continue;
      }
      encodePart(text.substring(start, i), first, ids);
      ids.add(special);
      i += vocabulary.text(special).length();
      start = i;
      first = true;
    }
    encodePart(text.substring(start), first, ids);
  }

  private void encodePart(String part, boolean first, IntList ids) {
    if (!part.isEmpty()) {
      codec.encode(part, first, ids);
    }
  }

  /**
   * The text of a whole sequence of ids; special tokens have none, and a space that encoding added before the text is taken away.
   * To continue a text, use {@link #stream}.
   *
   * @throws IllegalArgumentException if an id is outside the vocabulary
   */
  public String decode(int... ids) {
    TextStream stream = stream();
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      text.append(stream.add(id));
    }
    text.append(stream.end());
    return codec.addsSpace() && !text.isEmpty() && text.charAt(0) == ' ' ? text.substring(1) : text.toString();
  }

  /** A decoder that takes one token after the other. */
  public TextStream stream() {
    return new TextStream(this);
  }

  /** The UTF-8 bytes a token stands for; not to be changed. */
  byte[] bytes(int id) {
    if (id < 0 || id >= bytes.length) {
      throw new IllegalArgumentException("token " + id + " is outside the vocabulary of " + bytes.length);
    }
    return bytes[id];
  }

  /** The token as it is spelled in the vocabulary. */
  public String token(int id) {
    return vocabulary.text(id);
  }

  /** Number of tokens. */
  public int vocabularySize() {
    return vocabulary.size();
  }

  /** The begin of text token, or {@link #NONE}. */
  public int bos() {
    return bos;
  }

  /** The end of text token, or {@link #NONE}. */
  public int eos() {
    return eos;
  }

  /** The end of turn token of chat models, or {@link #NONE}. */
  public int eot() {
    return eot;
  }

  /** Whether generation stops at this token: it ends the text or the turn. */
  public boolean isEnd(int id) {
    return id >= 0 && (id == eos || id == eot);
  }
}

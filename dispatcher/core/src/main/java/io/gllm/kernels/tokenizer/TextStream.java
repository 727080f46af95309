package io.gllm.kernels.tokenizer;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Turns tokens into text one at a time. Bytes of a character that is spread over several tokens are held back until it is complete;
 * bytes that are no UTF-8 become U+FFFD. Owned by one thread.
 */
public final class TextStream {
  private final Tokenizer tokenizer;
  private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPLACE)
      .onUnmappableCharacter(CodingErrorAction.REPLACE);
  private byte[] held = {};

  TextStream(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /**
   * The text that has become complete with this token; empty for special tokens and in the middle of a character.
   *
   * @throws IllegalArgumentException if the id is outside the vocabulary
   */
  public String add(int id) {
    return decode(tokenizer.bytes(id), false);
  }

  /** What was held back, as U+FFFD, if anything; afterwards the stream starts anew. */
  public String end() {
    String rest = decode(new byte[0], true);
    decoder.reset();
    return rest;
  }

  private String decode(byte[] piece, boolean last) {
    ByteBuffer in = ByteBuffer.allocate(held.length + piece.length).put(held).put(piece).flip();
    CharBuffer out = CharBuffer.allocate(in.remaining() + 1);
    decoder.decode(in, out, last);
    if (last) {
      decoder.flush(out);
    }
    held = new byte[in.remaining()];
    in.get(held);
    return out.flip().toString();
  }
}

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Writes a llama model with random weights as GGUF v3: matrices in Q4_K, norms in f32. Weights have mean 0 and the deviation
 * 1/sqrt(inputs), so that states neither vanish nor overflow; the text such a model writes means nothing. Run by scripts/make-model.
 */
final class MakeModel {
  private static final String USAGE = """
      usage: scripts/make-model [--size 1b|tiny] [--layers N] [--dim N] [--feed-forward N] [--heads N] [--kv-heads N]
                                [--vocabulary N] [--context N] [--seed N] FILE
        --size 1b     1.1 billion weights, 622 MB (the default)
        --size tiny   2 million weights, for tests; a size comes before what differs from it
        dim and feed-forward are multiples of 256, heads divide dim, kv-heads divide heads, vocabulary is at least 259""";

  private static final int F32 = 0;
  private static final int Q4_K = 12;
  private static final int BLOCK = 256;
  private static final int BLOCK_BYTES = 144;
  private static final int ALIGNMENT = 32;

  /** Deviation of a code 0..15 around 7.5, all equally likely: sqrt((16^2 - 1) / 12). */
  private static final double CODE_DEVIATION = Math.sqrt(255 / 12.0);

  /** Scales of sub-blocks are 32..63, so that they are never too small for the block. */
  private static final int LEAST_SCALE = 32;

  /** A tensor: a matrix of rows x cols in Q4_K, or a vector of ones in f32 if rows is 0. */
  private record Tensor(long cols, long rows) {
    long bytes() {
      return rows == 0 ? cols * 4 : rows * cols / BLOCK * BLOCK_BYTES;
    }
  }

  private final Map<String, Integer> sizes;
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final ByteArrayOutputStream head = new ByteArrayOutputStream();
  private int keys;

  private MakeModel(Map<String, Integer> sizes) {
    this.sizes = sizes;
  }

  public static void main(String[] args) throws IOException {
    if (args.length == 1 && args[0].equals("--help")) {
      System.out.println(USAGE);
      return;
    }
    try {
      Map<String, Integer> sizes = preset("1b");
      for (int i = 0; i + 1 < args.length; i += 2) {
        read(sizes, args[i], args[i + 1]);
      }
      if (args.length % 2 == 0 || args[args.length - 1].startsWith("--")) {
        throw new IllegalArgumentException("there is no FILE");
      }
      check(sizes);
      new MakeModel(sizes).write(Path.of(args[args.length - 1]));
    } catch (IllegalArgumentException e) {
      System.err.println("make-model: " + e.getMessage() + "\n" + USAGE);
      System.exit(2);
    }
  }

  private static Map<String, Integer> preset(String name) {
    boolean tiny = switch (name) {
      case "1b" -> false;
      case "tiny" -> true;
      default -> throw new IllegalArgumentException("there is no size '" + name + "'");
    };
    Map<String, Integer> sizes = new LinkedHashMap<>();
    sizes.put("--layers", tiny ? 2 : 16);
    sizes.put("--dim", tiny ? 256 : 2048);
    sizes.put("--feed-forward", tiny ? 768 : 8192);
    sizes.put("--heads", tiny ? 4 : 32);
    sizes.put("--kv-heads", tiny ? 2 : 8);
    sizes.put("--vocabulary", tiny ? 512 : 32000);
    sizes.put("--context", tiny ? 256 : 4096);
    sizes.put("--seed", 0);
    return sizes;
  }

  private static void read(Map<String, Integer> sizes, String option, String value) {
    if (option.equals("--size")) {
      sizes.putAll(preset(value));
    } else if (sizes.containsKey(option)) {
      sizes.put(option, Integer.parseInt(value));
    } else {
      throw new IllegalArgumentException("there is no option '" + option + "'");
    }
  }

  private static void check(Map<String, Integer> sizes) {
    int dim = sizes.get("--dim");
    int heads = sizes.get("--heads");
    sizes.forEach((option, value) -> require(value >= 1 || option.equals("--seed"), option + " must be positive"));
    require(dim % BLOCK == 0, "--dim must be a multiple of 256");
    require(sizes.get("--feed-forward") % BLOCK == 0, "--feed-forward must be a multiple of 256");
    require(dim % (2 * heads) == 0, "--heads must divide --dim into even parts");
    require(heads % sizes.get("--kv-heads") == 0, "--kv-heads must divide --heads");
    require(sizes.get("--vocabulary") >= 259, "--vocabulary must be at least 259");
  }

  private static void require(boolean holds, String problem) {
    if (!holds) {
      throw new IllegalArgumentException(problem);
    }
  }

  private int size(String option) {
    return sizes.get(option);
  }

  private void write(Path path) throws IOException {
    listTensors();
    writeKeys();
    long data = tensors.values().stream().mapToLong(Tensor::bytes).sum();
    double weights = tensors.values().stream().mapToDouble(t -> (double) t.cols * t.rows).sum();
    System.err.printf("make-model: %.3f billion weights, %d MB%n", weights / 1e9, data / 1_000_000);
    SplittableRandom random = new SplittableRandom(size("--seed"));
    try (FileChannel out = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING,
        StandardOpenOption.WRITE)) {
      writeFully(out, fileHead());
      for (Tensor tensor : tensors.values()) {
        writeTensor(out, tensor, random);
      }
    }
  }

  private void listTensors() {
    long dim = size("--dim");
    long hidden = size("--feed-forward");
    long kv = dim / size("--heads") * size("--kv-heads");
    tensors.put("token_embd.weight", new Tensor(dim, size("--vocabulary")));
    for (int i = 0; i < size("--layers"); i++) {
      String layer = "blk." + i + ".";
      tensors.put(layer + "attn_norm.weight", new Tensor(dim, 0));
      tensors.put(layer + "attn_q.weight", new Tensor(dim, dim));
      tensors.put(layer + "attn_k.weight", new Tensor(dim, kv));
      tensors.put(layer + "attn_v.weight", new Tensor(dim, kv));
      tensors.put(layer + "attn_output.weight", new Tensor(dim, dim));
      tensors.put(layer + "ffn_norm.weight", new Tensor(dim, 0));
      tensors.put(layer + "ffn_gate.weight", new Tensor(dim, hidden));
      tensors.put(layer + "ffn_up.weight", new Tensor(dim, hidden));
      tensors.put(layer + "ffn_down.weight", new Tensor(hidden, dim));
    }
    tensors.put("output_norm.weight", new Tensor(dim, 0));
    tensors.put("output.weight", new Tensor(dim, size("--vocabulary")));
  }

  private void writeKeys() {
    text("general.architecture", "llama");
    text("general.name", "random-" + size("--layers") + "x" + size("--dim"));
    u32("llama.block_count", size("--layers"));
    u32("llama.context_length", size("--context"));
    u32("llama.embedding_length", size("--dim"));
    u32("llama.feed_forward_length", size("--feed-forward"));
    u32("llama.attention.head_count", size("--heads"));
    u32("llama.attention.head_count_kv", size("--kv-heads"));
    f32("llama.attention.layer_norm_rms_epsilon", 1e-5f);
    u32("llama.vocab_size", size("--vocabulary"));
    text("tokenizer.ggml.model", "llama");
    writeVocabulary();
    u32("tokenizer.ggml.unknown_token_id", 0);
    u32("tokenizer.ggml.bos_token_id", 1);
    u32("tokenizer.ggml.eos_token_id", 2);
  }

  /** Unknown, begin, end, the 256 bytes, then words without meaning. */
  private void writeVocabulary() {
    int count = size("--vocabulary");
    array("tokenizer.ggml.tokens", 8, count);
    for (int id = 0; id < count; id++) {
      text(id < 3 ? new String[]{"<unk>", "<s>", "</s>"}[id] : id < 259 ? String.format("<0x%02X>", id - 3) : "\u2581w" + (id - 259));
    }
    array("tokenizer.ggml.scores", 6, count);
    for (int id = 0; id < count; id++) {
      number(Float.floatToRawIntBits(id < 259 ? 0 : 258 - id), 4);
    }
    array("tokenizer.ggml.token_type", 5, count);
    for (int id = 0; id < count; id++) {
      number(id == 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1, 4);
    }
  }

  private void number(long value, int bytes) {
    for (int i = 0; i < bytes; i++) {
      head.write((int) (value >>> 8 * i));
    }
  }

  private void text(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    number(bytes.length, 8);
    head.writeBytes(bytes);
  }

  private void key(String name, int type) {
    keys++;
    text(name);
    number(type, 4);
  }

  private void text(String name, String value) {
    key(name, 8);
    text(value);
  }

  private void u32(String name, int value) {
    key(name, 4);
    number(value, 4);
  }

  private void f32(String name, float value) {
    key(name, 6);
    number(Float.floatToRawIntBits(value), 4);
  }

  private void array(String name, int elementType, int count) {
    key(name, 9);
    number(elementType, 4);
    number(count, 8);
  }

  /** Magic, counts, keys, the list of tensors, zeros up to the data. */
  private ByteBuffer fileHead() {
    byte[] written = head.toByteArray();
    head.reset();
    number(0x46554747, 4);
    number(3, 4);
    number(tensors.size(), 8);
    number(keys, 8);
    head.writeBytes(written);
    long offset = 0;
    for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
      Tensor tensor = entry.getValue();
      text(entry.getKey());
      number(tensor.rows == 0 ? 1 : 2, 4);
      number(tensor.cols, 8);
      if (tensor.rows > 0) {
        number(tensor.rows, 8);
      }
      number(tensor.rows == 0 ? F32 : Q4_K, 4);
      number(offset, 8);
      offset += aligned(tensor.bytes());
    }
    while (head.size() % ALIGNMENT != 0) {
      head.write(0);
    }
    return ByteBuffer.wrap(head.toByteArray());
  }

  private static long aligned(long bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /** Row by row: a row is at most some kilobytes, the matrix may be gigabytes. */
  private static void writeTensor(FileChannel out, Tensor tensor, SplittableRandom random) throws IOException {
    if (tensor.rows == 0) {
      ByteBuffer ones = ByteBuffer.allocate((int) tensor.bytes()).order(ByteOrder.LITTLE_ENDIAN);
      while (ones.hasRemaining()) {
        ones.putFloat(1);
      }
      writeFully(out, ones.flip());
    } else {
      int rowBytes = (int) (tensor.cols / BLOCK * BLOCK_BYTES);
      int rowsAtOnce = (int) Math.min(tensor.rows, Math.max(1, (1 << 20) / rowBytes));
      ByteBuffer rows = ByteBuffer.allocateDirect(rowsAtOnce * rowBytes).order(ByteOrder.LITTLE_ENDIAN);
      for (long row = 0; row < tensor.rows; row += rowsAtOnce) {
        rows.clear().limit((int) Math.min(rowsAtOnce, tensor.rows - row) * rowBytes);
        while (rows.hasRemaining()) {
          putBlock(rows, 1 / Math.sqrt(tensor.cols), random);
        }
        writeFully(out, rows.flip());
      }
    }
    writeFully(out, ByteBuffer.allocate((int) (aligned(tensor.bytes()) - tensor.bytes())));
  }

  private static void writeFully(FileChannel out, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }

  /**
   * A block: f16 d and dmin, eight 6-bit scales and eight 6-bit minimums, 256 codes. A weight is d * scale * code - dmin * minimum;
   * with minimum = scale and dmin = 7.5 d the codes 0..15 lie around 0.
   */
  private static void putBlock(ByteBuffer out, double deviation, SplittableRandom random) {
    float d = Float.float16ToFloat(Float.floatToFloat16((float) (deviation / CODE_DEVIATION / (1.5 * LEAST_SCALE))));
    out.putShort(Float.floatToFloat16(d)).putShort(Float.floatToFloat16(7.5f * d));
    long scales = random.nextLong();
    int[] s = new int[8];
    for (int i = 0; i < 8; i++) {
      s[i] = LEAST_SCALE + (int) (scales >>> 5 * i & 31);
    }
    for (int i = 0; i < 4; i++) {
      out.put((byte) (s[i] | s[i + 4] >> 4 << 6));
    }
    for (int i = 0; i < 4; i++) {
      out.put((byte) (s[i] | s[i + 4] >> 4 << 6));
    }
    for (int i = 4; i < 8; i++) {
      out.put((byte) (s[i] & 15 | (s[i] & 15) << 4));
    }
    for (int i = 0; i < 16; i++) {
      out.putLong(random.nextLong());
    }
  }
}

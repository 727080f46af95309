package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.blob.Blob;
import java.util.ArrayList;
import java.util.List;

/**
 * The interface of a portable kernel, as the build found it in the kernel's text and wrote it into the manifest: the signature
 * {@code bytes;threads;shared;buffers;parameters}, for example {@code 1234;256;1024;f32 in x,f32 out y;uint n,float eps}.
 *
 * @param symbol the kernel's name
 * @param offset where its code starts in the blob
 * @param bytes size of its code in the blob; kernels of one module share offset and size
 * @param threads threads of a work group
 * @param shared bytes of memory shared by a work group
 * @param buffers buffers in binding order
 * @param parameters 32-bit parameters in order
 */
public record KernelInterface(String symbol, int offset, int bytes, int threads, int shared, List<Binding> buffers,
    List<Parameter> parameters) {
  /** The most buffers of one kernel. */
  public static final int MAX_BUFFERS = 8;
  /** The most parameters of one kernel. */
  public static final int MAX_PARAMETERS = 24;

  /** Copies the lists. */
  public KernelInterface {
    buffers = List.copyOf(buffers);
    parameters = List.copyOf(parameters);
    if (buffers.size() > MAX_BUFFERS || parameters.size() > MAX_PARAMETERS) {
      throw new KernelException(symbol + " has " + buffers.size() + " buffers and " + parameters.size() + " parameters");
    }
  }

  /**
   * A buffer of 32-bit words.
   *
   * @param type {@code f32} or {@code u32}
   * @param access {@code in}, {@code out} or {@code inout}
   * @param name its name in the kernel's text
   */
  public record Binding(String type, String access, String name) {}

  /**
   * A parameter.
   *
   * @param type {@code uint}, {@code int} or {@code float}
   * @param name its name in the kernel's text
   */
  public record Parameter(String type, String name) {}

  /**
   * Reads the signature of an entry.
   *
   * @throws KernelException if it is malformed
   */
  public static KernelInterface of(Blob.Entry entry) {
    String[] fields = entry.signature().split(";", -1);
    if (fields.length != 5) {
      throw new KernelException("signature of " + entry.symbol() + " has " + fields.length + " fields, expected 5");
    }
    try {
      List<Binding> buffers = new ArrayList<>();
      for (String buffer : list(fields[3])) {
        String[] words = words(buffer, 3);
        buffers.add(new Binding(words[0], words[1], words[2]));
      }
      List<Parameter> parameters = new ArrayList<>();
      for (String parameter : list(fields[4])) {
        String[] words = words(parameter, 2);
        parameters.add(new Parameter(words[0], words[1]));
      }
      return new KernelInterface(entry.symbol(), entry.offset(), Integer.parseInt(fields[0]), Integer.parseInt(fields[1]),
          Integer.parseInt(fields[2]), buffers, parameters);
    } catch (IllegalArgumentException e) {
      throw new KernelException("signature of " + entry.symbol() + ": " + e.getMessage(), e);
    }
  }

  private static List<String> list(String field) {
    return field.isEmpty() ? List.of() : List.of(field.split(",", -1));
  }

  private static String[] words(String text, int count) {
    String[] words = text.split(" ", -1);
    if (words.length != count) {
      throw new IllegalArgumentException("'" + text + "' is not " + count + " words");
    }
    return words;
  }
}

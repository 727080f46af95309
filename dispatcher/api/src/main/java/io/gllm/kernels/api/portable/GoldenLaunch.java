package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.KernelException;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A small launch of a kernel with all that it reads and writes, bit for bit. The portable kernels give the same bits on every device,
 * so that no tolerance is needed.
 *
 * @param symbol the kernel
 * @param grid groups in x, y and z
 * @param parameters the 32 bits of each parameter
 * @param before contents of each buffer before the launch
 * @param after contents of each buffer after it
 */
public record GoldenLaunch(String symbol, int[] grid, int[] parameters, List<byte[]> before, List<byte[]> after) {
  /** Where the launches of all portable kernels are. */
  public static final String RESOURCE = "META-INF/gllm/golden-launches.bin";

  private static final int MAX_LAUNCHES = 10_000;
  private static final int MAX_BYTES = 1 << 20;

  /** Copies the lists. */
  public GoldenLaunch {
    before = List.copyOf(before);
    after = List.copyOf(after);
  }

  /**
   * The launches of a resource by kernel.
   *
   * @throws KernelException if they are missing or broken
   */
  public static Map<String, GoldenLaunch> load(String name) {
    try (InputStream resource = GoldenLaunch.class.getClassLoader().getResourceAsStream(name)) {
      if (resource == null) {
        throw new KernelException("resource " + name + " is missing; is gllm-kernels-bin on the class path?");
      }
      DataInputStream in = new DataInputStream(new BufferedInputStream(resource));
      Map<String, GoldenLaunch> launches = new HashMap<>();
      for (int count = size(in, MAX_LAUNCHES); count > 0; count--) {
        GoldenLaunch launch = read(in);
        launches.put(launch.symbol(), launch);
      }
      return launches;
    } catch (IOException e) {
      throw new KernelException("resource " + name + " is broken", e);
    }
  }

  private static GoldenLaunch read(DataInputStream in) throws IOException {
    String symbol = in.readUTF();
    int[] grid = ints(in, 3);
    int[] parameters = ints(in, size(in, KernelInterface.MAX_PARAMETERS));
    List<byte[]> before = new ArrayList<>();
    List<byte[]> after = new ArrayList<>();
    for (int buffers = size(in, KernelInterface.MAX_BUFFERS); buffers > 0; buffers--) {
      byte[] bytes = in.readNBytes(size(in, MAX_BYTES));
      before.add(bytes);
      after.add(in.readBoolean() ? in.readNBytes(bytes.length) : bytes);
    }
    return new GoldenLaunch(symbol, grid, parameters, before, after);
  }

  private static int size(DataInputStream in, int most) throws IOException {
    int size = in.readInt();
    if (size < 0 || size > most) {
      throw new IOException("a size of " + size);
    }
    return size;
  }

  private static int[] ints(DataInputStream in, int count) throws IOException {
    int[] ints = new int[count];
    for (int i = 0; i < count; i++) {
      ints[i] = in.readInt();
    }
    return ints;
  }

  /** Writes this launch as the resource holds it, after a count of all. */
  public void write(DataOutputStream out) throws IOException {
    out.writeUTF(symbol);
    for (int groups : grid) {
      out.writeInt(groups);
    }
    out.writeInt(parameters.length);
    for (int parameter : parameters) {
      out.writeInt(parameter);
    }
    out.writeInt(before.size());
    for (int i = 0; i < before.size(); i++) {
      out.writeInt(before.get(i).length);
      out.write(before.get(i));
      boolean changed = !Arrays.equals(before.get(i), after.get(i));
      out.writeBoolean(changed);
      if (changed) {
        out.write(after.get(i));
      }
    }
  }
}

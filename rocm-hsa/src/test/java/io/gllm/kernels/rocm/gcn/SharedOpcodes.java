package io.gllm.kernels.rocm.gcn;

import java.util.Map;

/**
 * Loads and stores of memory that a group shares: one piece of up to four words, or two pieces at a distance; and what a lane has for
 * another one, which takes the same way.
 */
final class SharedOpcodes {
  private SharedOpcodes() {}

  static void addTo(Map<String, Decode> table) {
    for (int words = 1; words <= 4; words++) {
      int n = words;
      table.put("ds_load_b" + 32 * n, o -> new Load(o, n, new int[]{o.number("offset")}));
      table.put("ds_store_b" + 32 * n, o -> new Store(o, n, new int[]{o.number("offset")}));
    }
    table.put("ds_bpermute_b32", Permute::new);
    for (int words = 1; words <= 2; words++) {
      int n = words;
      two(table, "2addr_b", n, 4 * n);
      two(table, "2addr_stride64_b", n, 256 * n);
    }
  }

  private static void two(Map<String, Decode> table, String name, int words, int unit) {
    table.put("ds_load_" + name + 32 * words, o -> new Load(o, words, offsets(o, unit)));
    table.put("ds_store_" + name + 32 * words, o -> new Store(o, words, offsets(o, unit)));
  }

  private static int[] offsets(Operands o, int unit) {
    return new int[]{o.number("offset0") * unit, o.number("offset1") * unit};
  }

  /** The words that the lanes' accesses start at. */
  private static int[] start(Wave w, int[] address, int offset, int words) {
    Shared shared = w.group.shared;
    int alignment = words == 1 ? 4 : 8;
    int[] at = w.scratch[0];
    if (w.exec() == w.all && areGood(address, offset, alignment, shared.bytes - 4 * words, at)) {
      return at;
    }
    for (long rest = w.exec(); rest != 0; rest &= rest - 1) {
      int l = Long.numberOfTrailingZeros(rest);
      int place = address[l] + offset;
      if ((place & alignment - 1) != 0) {
        throw new LaneFault(l, "misaligned: " + 4 * words + " bytes of shared memory at " + place);
      }
      if (place < 0 || place > shared.bytes - 4 * words) {
        throw new LaneFault(l, "out of bounds: " + 4 * words + " bytes of shared memory at " + place + " of " + shared.bytes);
      }
      at[l] = place >> 2;
    }
    return at;
  }

  /** All lanes at once; false if one of them needs a closer look. */
  private static boolean areGood(int[] address, int offset, int alignment, int last, int[] at) {
    int signs = last;
    int bits = 0;
    for (int l = 0; l < at.length; l++) {
      int place = address[l] + offset;
      signs |= place | last - place;
      bits |= place;
      at[l] = place >> 2;
    }
    return signs >= 0 && (bits & alignment - 1) == 0;
  }

  private static final class Load extends Op {
    private final int result;
    private final int address;
    private final int words;
    private final int[] offsets;

    Load(Operands o, int words, int[] offsets) {
      address = o.vectors(1, 1);
      this.words = words;
      this.offsets = offsets;
      result = o.loaded(0, words * offsets.length);
    }

    @Override
    void run(Wave w) {
      long exec = w.exec();
      if (exec != 0) {
        w.requireKnown(w.vectorKnown[address], "reads shared memory at an address");
        Shared shared = w.group.shared;
        int[] addresses = w.scratch[1];
        System.arraycopy(w.v[address], 0, addresses, 0, addresses.length); // the result may replace it
        for (int p = 0; p < offsets.length; p++) {
          int[] at = start(w, addresses, offsets[p], words);
          for (int i = 0; i < words; i++) {
            load(w, shared, at, i, result + p * words + i);
          }
        }
      }
      w.outstanding.begin(Chip.SHARED, Wave.VECTORS + result, words * offsets.length);
    }
  }

  private static void load(Wave w, Shared shared, int[] at, int i, int row) {
    int[] out = w.v[row];
    if (w.exec() == w.all && shared.readAll(w, at, i, out)) {
      w.wrote(row, -1);
      return;
    }
    long known = 0;
    for (long rest = w.exec(); rest != 0; rest &= rest - 1) {
      int l = Long.numberOfTrailingZeros(rest);
      known |= shared.read(w, l, at[l] + i) ? 1L << l : 0;
      out[l] = shared.words[at[l] + i];
    }
    w.wrote(row, known);
  }

  private static final class Store extends Op {
    private final int address;
    private final int words;
    private final int[] offsets;
    private final int[] values;

    Store(Operands o, int words, int[] offsets) {
      address = o.vectors(0, 1);
      this.words = words;
      this.offsets = offsets;
      values = new int[offsets.length];
      for (int p = 0; p < values.length; p++) {
        values[p] = o.vectors(1 + p, words);
      }
    }

    @Override
    void run(Wave w) {
      long exec = w.exec();
      if (exec != 0) {
        w.requireKnown(w.vectorKnown[address], "writes shared memory at an address");
        Shared shared = w.group.shared;
        for (int p = 0; p < offsets.length; p++) {
          int[] at = start(w, w.v[address], offsets[p], words);
          for (int i = 0; i < words; i++) {
            w.requireKnown(w.vectorKnown[values[p] + i], "stores a value");
            int[] in = w.v[values[p] + i];
            for (long rest = exec; rest != 0; rest &= rest - 1) {
              int l = Long.numberOfTrailingZeros(rest);
              shared.write(w, l, at[l] + i, in[l]);
            }
          }
        }
      }
      w.outstanding.begin(Chip.SHARED, Wave.VECTORS, 0);
    }
  }

  /** Each lane receives what the lane has that its address names, in bytes; one that does not execute has nothing. */
  private static final class Permute extends Op {
    private final int result;
    private final int address;
    private final int value;
    private final int offset;

    Permute(Operands o) {
      address = o.vectors(1, 1);
      value = o.vectors(2, 1);
      offset = o.number("offset");
      result = o.loaded(0, 1);
    }

    @Override
    void run(Wave w) {
      w.requireKnown(w.vectorKnown[address], "asks for a lane");
      int[] in = w.scratch[0];
      System.arraycopy(w.v[value], 0, in, 0, in.length); // the result may replace it
      long has = w.vectorKnown[value] & w.exec();
      long known = 0;
      for (long rest = w.exec(); rest != 0; rest &= rest - 1) {
        int l = Long.numberOfTrailingZeros(rest);
        int from = (w.v[address][l] + offset >> 2) & w.lanes - 1;
        w.scratch[1][l] = in[from];
        known |= (has >>> from & 1) << l;
      }
      for (long rest = w.exec(); rest != 0; rest &= rest - 1) {
        int l = Long.numberOfTrailingZeros(rest);
        w.v[result][l] = w.scratch[1][l];
      }
      w.wrote(result, known);
      w.outstanding.begin(Chip.SHARED, Wave.VECTORS + result, 1);
    }
  }
}

package io.gllm.kernels.cuda.ptx;

import java.util.Map;
import java.util.Set;

/** A PTX text, parsed: its entries, ready to run, and its variables. */
public final class PtxModule {
  private final String version;
  private final int target;
  private final Map<String, PtxEntry> entries;

  PtxModule(String version, int target, Map<String, PtxEntry> entries) {
    this.version = version;
    this.target = target;
    this.entries = entries;
  }

  /**
   * Reads a module.
   *
   * @throws PtxFault
   *             naming the line, where the text has a directive, an opcode or a modifier that is not known
   */
  public static PtxModule parse(String text) {
    return new PtxParser(text).module();
  }

  /** The PTX version that the text states, such as {@code 7.0}. */
  public String version() {
    return version;
  }

  /** The compute capability that the text states, 80 for {@code sm_80}. */
  public int target() {
    return target;
  }

  /** The names of the entries, in the order of the text. */
  public Set<String> names() {
    return entries.keySet();
  }

  /**
   * The entry of that name.
   *
   * @throws PtxFault
   *             where there is none
   */
  public PtxEntry entry(String name) {
    PtxEntry entry = entries.get(name);
    if (entry == null) {
      throw new PtxFault("no entry " + name + " in " + entries.keySet());
    }
    return entry;
  }
}

package io.gllm.kernels.bench;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The contenders of a run, open: the devices, then the foreign libraries beside them. */
final class Field implements AutoCloseable {
  private final List<Starter> starters = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  private Field() {}

  /**
   * Opens all of them, or none.
   *
   * @throws IllegalArgumentException if two are the same, there is no such library, or one that is required is not installed
   */
  static Field open(BenchOptions options, Progress progress) {
    Field field = new Field();
    try {
      options.settings().forEach(setting -> field.add(new DeviceStarter(setting.withThreads(options.judged()))));
      for (String peer : options.peers()) {
        field.addPeer(peer, options.requirePeers());
      }
      field.notes.forEach(progress::say);
      return field;
    } catch (RuntimeException | Error e) {
      field.close();
      throw e;
    }
  }

  private void add(Starter starter) {
    boolean there = starters.stream().anyMatch(s -> s.contender().label().equals(starter.contender().label()));
    starters.add(starter);
    if (there) {
      throw new IllegalArgumentException("'" + starter.contender().label() + "' is named twice");
    }
  }

  /** A library runs beside the CPU, once for each number of threads, and is compared with the peaks of that device. */
  private void addPeer(String name, boolean required) {
    Set<Integer> threads = new HashSet<>();
    for (Starter beside : List.copyOf(starters)) {
      if (beside.contender().backend().equals("cpu") && threads.add(beside.contender().threads())) {
        try {
          add(PeerStarter.open(name, beside));
        } catch (PeerMissing missing) {
          if (required) {
            throw new IllegalArgumentException(missing.getMessage(), missing);
          }
          notes.add(missing.getMessage());
          return;
        }
      }
    }
    if (threads.isEmpty()) {
      String reason = name + " runs on the CPU, which is not among the devices of this run";
      if (required) {
        throw new IllegalArgumentException(reason);
      }
      notes.add(reason);
    }
  }

  List<Starter> starters() {
    return starters;
  }

  List<Contender> contenders() {
    return starters.stream().map(Starter::contender).toList();
  }

  /** What could not take part, and why. */
  List<String> notes() {
    return notes;
  }

  @Override
  public void close() {
    starters.reversed().forEach(Starter::close);
  }
}

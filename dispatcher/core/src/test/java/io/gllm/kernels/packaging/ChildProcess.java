package io.gllm.kernels.packaging;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What a program did that was run to its end.
 *
 * @param exit its exit status
 * @param out what it wrote to standard output
 * @param err what it wrote to standard error
 */
record ChildProcess(int exit, String out, String err) {
  private static final long MINUTES = 5;

  /** Runs a tool of this JDK, such as {@code java} or {@code jlink}. */
  static ChildProcess jdk(String tool, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", tool).toString());
    command.addAll(arguments);
    return run(command, Path.of("."));
  }

  /** Runs {@code command} in {@code folder}, free of options for Java from the environment. */
  static ChildProcess run(List<String> command, Path folder) {
    try {
      Path out = Files.createTempFile("gllm-out", ".txt");
      Path err = Files.createTempFile("gllm-err", ".txt");
      try {
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().keySet().removeAll(List.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS"));
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.redirectOutput(out.toFile()).redirectError(err.toFile());
        return new ChildProcess(exit(builder.start()), Files.readString(out), Files.readString(err));
      } finally {
        Files.delete(out);
        Files.delete(err);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int exit(Process process) {
    try {
      if (process.waitFor(MINUTES, TimeUnit.MINUTES)) {
        return process.exitValue();
      }
      process.destroyForcibly();
      throw new AssertionError("no end after " + MINUTES + " minutes");
    } catch (InterruptedException e) {
      process.destroyForcibly();
      throw new AssertionError(e);
    }
  }

  /** This, if the program ended well. */
  ChildProcess orFail() {
    if (exit != 0) {
      throw new AssertionError("exit status " + exit + "\n" + out + "\n" + err);
    }
    return this;
  }

  /** The lines of standard error that warn. */
  List<String> warnings() {
    return err.lines().filter(line -> line.contains("WARNING")).toList();
  }
}

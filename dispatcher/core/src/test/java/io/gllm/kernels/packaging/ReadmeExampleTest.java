package io.gllm.kernels.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java example of the README compiles without a warning, runs, and is as short as it says. */
class ReadmeExampleTest {
  private static final Pattern JAVA_BLOCK = Pattern.compile("^```java\\R(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);
  private static final int MAX_LINES = 15;

  @TempDir
  Path folder;

  /** The example as it stands in the README. */
  static String source() throws IOException {
    Matcher matcher = JAVA_BLOCK.matcher(Files.readString(Path.of("..", "..", "README.md")));
    assertTrue(matcher.find(), "the README has no java block");
    return matcher.group(1);
  }

  @Test
  void theExampleRuns() throws IOException {
    String classPath = System.getProperty("java.class.path");
    Path file = Files.writeString(folder.resolve("Example.java"), source());
    ChildProcess.jdk("javac",
        List.of("--release", "25", "-Xlint:all", "-Werror", "-cp", classPath, "-d", folder.toString(), file.toString())).orFail();
    ChildProcess run = ChildProcess.jdk("java", List.of("-cp", folder + File.pathSeparator + classPath, "Example")).orFail();
    assertTrue(run.out().startsWith("using "), run.out());
    assertTrue(run.out().strip().endsWith("]"), run.out());
  }

  @Test
  void theExampleIsShort() throws IOException {
    assertEquals(List.of(), source().lines().filter(line -> !line.isBlank()).skip(MAX_LINES).toList(), "longer than " + MAX_LINES);
  }
}

package io.gllm.kernels.packaging;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The finished jars that the one dependency brings, as a user gets them. */
final class Artifacts {
  private static final List<String> TEST_ONLY = List.of("gllm-kernels-testkit");
  private static final String STAND_IN = "-tests.jar";
  /** What backends bring along. */
  private static final List<String> FOREIGN = List.of("lwjgl-");

  private Artifacts() {}

  /** The jars of this build: the library itself first. */
  static List<Path> own() {
    List<Path> jars = new ArrayList<>();
    jars.add(Path.of(System.getProperty("packaging.jar")));
    classPath().filter(path -> startsWith(path, List.of("gllm-kernels-")) && !startsWith(path, TEST_ONLY)).forEach(jars::add);
    if (jars.size() != 8 || !jars.stream().allMatch(Files::isRegularFile)) {
      throw new IllegalStateException("expected the jars of core, api, kernels-bin and five backends: " + jars);
    }
    return jars;
  }

  /** The jars of this build, and those they need. */
  static List<Path> jars() {
    return Stream.concat(own().stream(), classPath().filter(path -> startsWith(path, FOREIGN))).toList();
  }

  private static Stream<Path> classPath() {
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator)).map(Path::of)
        .filter(path -> path.toString().endsWith(".jar") && !path.toString().endsWith(STAND_IN));
  }

  private static boolean startsWith(Path path, List<String> names) {
    return names.stream().anyMatch(path.getFileName().toString()::startsWith);
  }

  /** Paths joined as on a class path. */
  static String path(List<Path> entries) {
    return entries.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
  }

  /** Compiles all sources below {@code sources}, a module if there is a module-info, against the jars. */
  static void compile(Path sources, Path classes) {
    List<String> arguments = new ArrayList<>(List.of("--release", "25", "-Xlint:all", "-Werror", "-d", classes.toString()));
    try (Stream<Path> files = Files.walk(sources)) {
      List<String> java = files.map(Path::toString).filter(file -> file.endsWith(".java")).toList();
      boolean module = java.stream().anyMatch(file -> file.endsWith("module-info.java"));
      arguments.addAll(List.of(module ? "--module-path" : "--class-path", path(jars())));
      arguments.addAll(java);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    ChildProcess.jdk("javac", arguments).orFail();
  }
}

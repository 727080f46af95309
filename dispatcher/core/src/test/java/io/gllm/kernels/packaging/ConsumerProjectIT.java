package io.gllm.kernels.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A Maven project whose only dependency is io.gllm:gllm-kernels compiles and runs the README's example. Its local repository is a
 * folder of links to the one of this build, so that plugins are there without a network, with this build's own artifacts in place
 * of any that were installed.
 */
class ConsumerProjectIT {
  private static final String VERSION = System.getProperty("packaging.version");

  private final Path folder = Path.of("target", "consumer").toAbsolutePath();

  @BeforeEach
  void removeOldProject() throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> files = Files.walk(folder)) { // does not follow the links
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  @Test
  void theOneDependencyIsEnough() throws IOException {
    Path repository = stageRepository();
    Path project = Files.createDirectories(folder.resolve("project"));
    String pom = Files.readString(Path.of("src", "test", "packaging", "consumer-pom.xml"));
    assertEquals(2, pom.split("<dependency>").length, "a consumer has one dependency");
    Files.writeString(project.resolve("pom.xml"), pom.replace("VERSION", VERSION).replace("REPOSITORY", repository.toUri().toString()));
    Path sources = Files.createDirectories(project.resolve("src").resolve("main").resolve("java"));
    Files.writeString(sources.resolve("Example.java"), ReadmeExampleTest.source());

    Path maven = Path.of(System.getProperty("packaging.maven"), "bin", windows() ? "mvn.cmd" : "mvn");
    ChildProcess.run(List.of(maven.toString(), "--batch-mode", "--offline", "-Dmaven.repo.local=" + repository, "resources:resources",
        "compiler:compile", "jar:jar"), project).orFail();
    ChildProcess run = ChildProcess.jdk("java", List.of("-jar", project.resolve("target").resolve("consumer-1.jar").toString())).orFail();
    assertTrue(run.out().startsWith("using "), run.out());
    assertEquals(4, run.warnings().size(), "more than the one warning of the JDK: " + run.err());
  }

  private Path stageRepository() throws IOException {
    Path origin = Path.of(System.getProperty("packaging.repository"));
    Path repository = Files.createDirectories(folder.resolve("repository"));
    link(origin, repository, "io");
    link(origin.resolve("io"), Files.createDirectories(repository.resolve("io")), "gllm");
    Path parent = Path.of("..", "..", "pom.xml");
    Files.copy(parent, artifact(repository, "gllm-kernels-parent", ".pom"));
    for (Path jar : Artifacts.own()) {
      String name = jar.getFileName().toString().replace("-" + VERSION + ".jar", "");
      Files.copy(jar, artifact(repository, name, ".jar"));
      Files.copy(jar.resolveSibling("..").resolve("pom.xml"), artifact(repository, name, ".pom"));
    }
    return repository;
  }

  private static Path artifact(Path repository, String name, String type) throws IOException {
    Path place = Files.createDirectories(repository.resolve("io").resolve("gllm").resolve(name).resolve(VERSION));
    return place.resolve(name + "-" + VERSION + type);
  }

  /** Links every entry of {@code from} in {@code to}, but one. */
  private static void link(Path from, Path to, String except) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(from)) {
      for (Path entry : entries) {
        if (!entry.getFileName().toString().equals(except)) {
          Files.createSymbolicLink(to.resolve(entry.getFileName()), entry.toAbsolutePath());
        }
      }
    }
  }

  private static boolean windows() {
    return System.getProperty("os.name").startsWith("Windows");
  }
}

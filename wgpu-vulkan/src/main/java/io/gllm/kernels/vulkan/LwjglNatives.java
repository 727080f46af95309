package io.gllm.kernels.vulkan;

import io.gllm.kernels.api.spi.Machine;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.lwjgl.system.Library;

/**
 * Finds LWJGL's native library. Its jars, one for each system, are modules of one and the same name that no module requires, so on the
 * module path Java does not open them; there the jars of the path are searched.
 */
final class LwjglNatives {
  private static final String MODULE = "org.lwjgl.natives";

  private LwjglNatives() {}

  /** The library for {@code machine}, or null if it is nowhere. */
  static byte[] find(Machine machine) throws IOException {
    String name = resource(machine);
    Optional<Module> module = ModuleLayer.boot().findModule(MODULE);
    try (InputStream in = module.isPresent() ? module.get().getResourceAsStream(name) : open(name)) {
      if (in != null) {
        return in.readAllBytes();
      }
    }
    for (Path jar : modulePath(System.getProperty("jdk.module.path", ""))) {
      byte[] library = read(jar, name);
      if (library != null) {
        return library;
      }
    }
    return null;
  }

  private static InputStream open(String name) throws IOException {
    ClassLoader loader = Library.class.getClassLoader();
    return loader == null ? null : loader.getResourceAsStream(name);
  }

  /** For example {@code linux/x64/org/lwjgl/liblwjgl.so}. */
  static String resource(Machine machine) {
    boolean windows = machine.os().equals("windows");
    return (windows ? "windows/" : "linux/") + (machine.arch().equals("aarch64") ? "arm64" : "x64") + "/org/lwjgl/"
        + (windows ? "lwjgl.dll" : "liblwjgl.so");
  }

  /** The jars on {@code path} that may hold the library. */
  static List<Path> modulePath(String path) throws IOException {
    List<Path> jars = new ArrayList<>();
    for (String entry : path.split(File.pathSeparator)) {
      Path place = Path.of(entry);
      if (!entry.isEmpty() && Files.isDirectory(place)) {
        try (DirectoryStream<Path> inside = Files.newDirectoryStream(place, "lwjgl-*natives*.jar")) {
          inside.forEach(jars::add);
        }
      } else if (!entry.isEmpty() && place.getFileName().toString().matches("lwjgl-.*natives.*\\.jar") && Files.isRegularFile(place)) {
        jars.add(place);
      }
    }
    return jars;
  }

  /** What {@code jar} holds as {@code name}, or null. */
  static byte[] read(Path jar, String name) throws IOException {
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      ZipEntry entry = zip.getEntry(name);
      if (entry == null) {
        return null;
      }
      try (InputStream in = zip.getInputStream(entry)) {
        return in.readAllBytes();
      }
    }
  }
}

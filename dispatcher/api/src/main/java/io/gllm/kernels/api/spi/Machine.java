package io.gllm.kernels.api.spi;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What a probe may look at for free: operating system, processor, device files, library files. Nothing here calls native
 * code, so a machine without the hardware is rejected without a native-access warning. Tests describe a machine of their
 * own by a folder that stands for the root of the file system.
 *
 * @param os {@code linux}, {@code windows}, {@code macos}, or the property {@code os.name} in lower case
 * @param arch {@code x86_64}, {@code aarch64}, or the property {@code os.arch}
 * @param root what absolute paths such as {@code /dev/kfd} are relative to
 * @param environment environment variables, for the search path of libraries
 */
public record Machine(String os, String arch, Path root, Map<String, String> environment) {
  private static final List<String> LIBRARY_FOLDERS = List.of("usr/lib64", "lib64", "usr/lib", "lib", "usr/local/lib64", "usr/local/lib",
      "usr/lib/wsl/lib", "run/opengl-driver/lib");

  /** Copies the map. */
  public Machine {
    environment = Map.copyOf(environment);
  }

  /** The machine this process runs on. */
  public static Machine current() {
    String name = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String os = name.startsWith("windows") ? "windows" : name.startsWith("mac") ? "macos" : name;
    String arch = System.getProperty("os.arch");
    return new Machine(os, arch.equals("amd64") ? "x86_64" : arch, Path.of("/"), System.getenv());
  }

  /** Operating system and processor as in {@code linux-x86_64}. */
  public String platform() {
    return os + "-" + arch;
  }

  /** Where the absolute path {@code path} is on this machine. */
  public Path at(String path) {
    return root.resolve(path.startsWith("/") ? path.substring(1) : path);
  }

  /** The first of the absolute paths {@code paths} that exists. */
  public Optional<Path> first(String... paths) {
    return Arrays.stream(paths).map(this::at).filter(Files::exists).findFirst();
  }

  /** The entries of {@code folder} whose names match {@code glob}, sorted; none if there is no such folder. */
  public List<Path> list(String folder, String glob) {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(at(folder), glob)) {
      entries.forEach(found::add);
    } catch (IOException | DirectoryIteratorException e) {
      return List.of(); // a folder that cannot be read offers nothing
    }
    Collections.sort(found);
    return found;
  }

  /**
   * Finds a shared library where the system's loader would: the search path of the environment, {@code folders}, the
   * system's folders, the loader's cache.
   *
   * @param file file name, for example {@code libcuda.so.1}
   * @param folders absolute folders where this library is often installed
   */
  public Optional<Path> library(String file, String... folders) {
    List<Path> places = new ArrayList<>();
    if (os.equals("windows")) {
      addFolder(places, environment.getOrDefault("SystemRoot", "C:\\Windows") + "/System32");
    } else {
      for (String folder : environment.getOrDefault("LD_LIBRARY_PATH", "").split(":")) {
        addFolder(places, folder);
      }
      Arrays.stream(folders).map(this::at).forEach(places::add);
      places.add(at("usr/lib/" + arch + "-linux-gnu"));
      LIBRARY_FOLDERS.stream().map(this::at).forEach(places::add);
    }
    return places.stream().map(folder -> folder.resolve(file)).filter(Files::isRegularFile).findFirst().or(() -> cached(file));
  }

  private static void addFolder(List<Path> places, String folder) {
    try {
      if (!folder.isEmpty()) {
        places.add(Path.of(folder));
      }
    } catch (InvalidPathException e) {
      return; // an entry that is no path names no folder
    }
  }

  /** The loader's cache holds the full path of each library as text that ends in a zero byte, on glibc. */
  private Optional<Path> cached(String file) {
    try {
      String cache = Files.readString(at("etc/ld.so.cache"), StandardCharsets.ISO_8859_1);
      int end = cache.indexOf("/" + file + "\0");
      if (end >= 0) {
        String path = cache.substring(cache.lastIndexOf('\0', end) + 1, end) + "/" + file;
        return first(path);
      }
    } catch (IOException e) {
      return Optional.empty(); // no cache, as on musl
    }
    return Optional.empty();
  }
}

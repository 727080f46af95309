package io.gllm.kernels.api.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineTest {
  @TempDir
  Path root;

  @Test
  void thisMachineIsNamedAsInTargets() {
    assertTrue(Machine.current().platform().matches("[a-z0-9 .]+-\\w+"), Machine.current().platform());
    assertTrue(Files.isDirectory(Machine.current().at("/")));
  }

  @Test
  void filesAreLookedUpBelowTheRoot() throws IOException {
    create("dev/dri/renderD129");
    Path first = create("dev/dri/renderD128");
    create("dev/dri/card0");
    assertEquals(List.of("renderD128", "renderD129"),
        linux(Map.of()).list("/dev/dri", "renderD*").stream().map(path -> path.getFileName().toString()).toList());
    assertEquals(Optional.of(first), linux(Map.of()).first("/dev/none", "/dev/dri/renderD128", "/dev/dri/card0"));
    assertEquals(List.of(), linux(Map.of()).list("/dev/none", "*"));
    assertEquals(List.of(), linux(Map.of()).list("/dev/dri/card0", "*"));
  }

  @Test
  void theSearchPathComesBeforeTheFoldersAndTheSystem() throws IOException {
    Path system = create("usr/lib/x86_64-linux-gnu/libtest.so.1");
    assertEquals(Optional.of(system), linux(Map.of()).library("libtest.so.1", "/opt/test/lib"));
    Path folder = create("opt/test/lib/libtest.so.1");
    assertEquals(Optional.of(folder), linux(Map.of()).library("libtest.so.1", "/opt/test/lib"));
    Path own = create("own/libtest.so.1");
    Map<String, String> environment = Map.of("LD_LIBRARY_PATH", "::\0:" + own.getParent());
    assertEquals(Optional.of(own), linux(environment).library("libtest.so.1", "/opt/test/lib"));
    assertEquals(Optional.empty(), linux(environment).library("libtest.so"));
  }

  @Test
  void theCacheOfTheLoaderIsTheLastResort() throws IOException {
    Path library = create("srv/drivers/libtest.so.1");
    Path cache = create("etc/ld.so.cache");
    Files.writeString(cache, "glibc-ld.so.cache1.1\0libtest.so.1\0/srv/drivers/libtest.so.1\0libgone.so\0/srv/libgone.so\0",
        StandardCharsets.ISO_8859_1);
    assertEquals(Optional.of(library), linux(Map.of()).library("libtest.so.1"));
    assertEquals(Optional.empty(), linux(Map.of()).library("libgone.so"));
    assertEquals(Optional.empty(), linux(Map.of()).library("test.so.1"));
  }

  @Test
  void windowsKeepsDriversInTheSystemFolder() throws IOException {
    Path library = create("System32/nvcuda.dll");
    Machine windows = new Machine("windows", "x86_64", root, Map.of("SystemRoot", root.toString()));
    assertEquals(Optional.of(library), windows.library("nvcuda.dll"));
    assertEquals(Optional.empty(), windows.library("vulkan-1.dll"));
  }

  @Test
  void theFlagOfNativeAccessNamesTheModule() {
    assertEquals("start java with --enable-native-access=java.base",
        Rejection.nativeAccessDisabled(Object.class.getModule(), "seen").fix());
    assertTrue(Rejection.nativeAccessDisabled(getClass().getModule(), "seen").fix().endsWith("=ALL-UNNAMED"));
  }

  private Machine linux(Map<String, String> environment) {
    return new Machine("linux", "x86_64", root, environment);
  }

  private Path create(String file) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    return Files.writeString(path, "");
  }
}

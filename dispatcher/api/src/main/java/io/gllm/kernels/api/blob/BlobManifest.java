package io.gllm.kernels.api.blob;

import io.gllm.kernels.api.KernelException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The list of precompiled blobs of one backend, {@code META-INF/gllm/<backend>/manifest.tsv}: for each blob its target, size,
 * SHA-256, needs, source hash and compiler, and for each of its entry points symbol, offset and signature. Nothing of a blob
 * is handed out before its bytes match the recorded size and hash.
 */
public final class BlobManifest {
  private static final String ROOT = "META-INF/gllm/";
  private static final int MAX_BLOB_BYTES = 64 << 20;

  private final String folder;
  private final ClassLoader loader;
  private final Map<String, Blob> blobs;

  private BlobManifest(String folder, ClassLoader loader, Map<String, Blob> blobs) {
    this.folder = folder;
    this.loader = loader;
    this.blobs = blobs;
  }

  /**
   * Reads the manifest of {@code backend}.
   *
   * @throws KernelException if it is missing or malformed
   */
  public static BlobManifest of(String backend) {
    String folder = ROOT + backend + "/";
    ClassLoader loader = BlobManifest.class.getClassLoader();
    byte[] text = read(loader, folder + "manifest.tsv");
    return new BlobManifest(folder, loader, parse(folder, new String(text, StandardCharsets.UTF_8)));
  }

  /** The blobs by target. */
  public Map<String, Blob> blobs() {
    return blobs;
  }

  /**
   * The bytes of a blob, verified.
   *
   * @throws KernelException if the resource is missing or differs from the manifest
   */
  public byte[] load(Blob blob) {
    byte[] bytes = read(loader, folder + blob.path());
    verify(blob, bytes);
    return bytes;
  }

  /** Throws {@link KernelException} unless {@code bytes} have the size and SHA-256 of {@code blob}. */
  public static void verify(Blob blob, byte[] bytes) {
    if (bytes.length != blob.bytes()) {
      throw new KernelException("blob " + blob.target() + " has " + bytes.length + " bytes, its manifest says " + blob.bytes());
    }
    String actual = sha256(bytes);
    if (!actual.equals(blob.sha256())) {
      throw new KernelException("blob " + blob.target() + " has SHA-256 " + actual + ", its manifest says " + blob.sha256());
    }
  }

  /** Lower-case hexadecimal SHA-256. */
  public static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new KernelException("this Java runtime has no SHA-256", e);
    }
  }

  private static byte[] read(ClassLoader loader, String path) {
    try (InputStream in = loader.getResourceAsStream(path)) {
      if (in == null) {
        throw new KernelException("resource " + path + " is missing; is gllm-kernels-bin on the class path?");
      }
      byte[] bytes = in.readNBytes(MAX_BLOB_BYTES + 1);
      if (bytes.length > MAX_BLOB_BYTES) {
        throw new KernelException("resource " + path + " exceeds " + MAX_BLOB_BYTES + " bytes");
      }
      return bytes;
    } catch (IOException e) {
      throw new KernelException("resource " + path + " cannot be read", e);
    }
  }

  /**
   * Parses a manifest: tab-separated lines {@code blob target path bytes sha256 needs source-sha256 tool} and {@code entry target
   * symbol offset signature}; {@code #} starts a comment.
   *
   * @throws KernelException naming the line that is wrong
   */
  public static Map<String, Blob> parse(String name, String text) {
    Map<String, Blob> heads = new LinkedHashMap<>();
    Map<String, Map<String, Blob.Entry>> entries = new LinkedHashMap<>();
    int number = 0;
    for (String line : text.split("\n")) {
      number++;
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      try {
        parseLine(line.split("\t", -1), heads, entries);
      } catch (RuntimeException e) {
        throw new KernelException(name + "manifest.tsv line " + number + ": " + e.getMessage(), e);
      }
    }
    Map<String, Blob> blobs = new LinkedHashMap<>();
    heads.forEach((target, head) -> blobs.put(target, head.with(entries.get(target))));
    return Map.copyOf(blobs);
  }

  private static void parseLine(String[] f, Map<String, Blob> heads, Map<String, Map<String, Blob.Entry>> entries) {
    if (f[0].equals("blob") && f.length == 8) {
      Blob blob = new Blob(f[1], f[2], Integer.parseInt(f[3]), f[4], needs(f[5]), f[6], f[7], Map.of());
      if (heads.put(f[1], blob) != null) {
        throw new IllegalArgumentException("target " + f[1] + " twice");
      }
      entries.put(f[1], new LinkedHashMap<>());
    } else if (f[0].equals("entry") && f.length == 5 && heads.containsKey(f[1])) {
      int offset = Integer.parseInt(f[3]);
      if (offset < 0 || offset >= heads.get(f[1]).bytes()) {
        throw new IllegalArgumentException("offset " + offset + " outside the blob");
      }
      if (entries.get(f[1]).put(f[2], new Blob.Entry(f[2], offset, f[4])) != null) {
        throw new IllegalArgumentException("symbol " + f[2] + " twice");
      }
    } else {
      throw new IllegalArgumentException("expected 'blob' with 8 fields, or 'entry' with 5 of a blob above");
    }
  }

  private static List<String> needs(String field) {
    List<String> needs = new ArrayList<>();
    for (String need : field.split(",")) {
      if (!need.isBlank()) {
        needs.add(need);
      }
    }
    return needs;
  }
}

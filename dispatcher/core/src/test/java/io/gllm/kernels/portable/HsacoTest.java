package io.gllm.kernels.portable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.blob.Blob;
import io.gllm.kernels.api.blob.BlobManifest;
import io.gllm.kernels.api.portable.KernelInterface;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The committed code objects, and that a fault in one is noticed. */
class HsacoTest {
  private static final BlobManifest MANIFEST = BlobManifest.of("rocm");
  private static final Blob SMALL = MANIFEST.blobs().get("gfx90a");
  private static final byte[] CODE = MANIFEST.load(SMALL);

  /** What every chip says about the kernels of a blob. */
  static Map<String, CodeInterface> read(Blob blob, byte[] code) {
    return Hsaco.read(code, blob.target(), flags(blob.needs().getFirst()));
  }

  /** 0x53f for gfx90a=53f. */
  private static int flags(String need) {
    return Integer.parseInt(need.substring(need.indexOf('=') + 1), 16);
  }

  @Test
  void everyChipOfThePromiseHasCode() {
    List<String> chips = MANIFEST.blobs().values().stream().flatMap(blob -> blob.needs().stream())
        .map(need -> need.substring(0, need.indexOf('='))).toList();
    assertEquals(chips.size(), new HashSet<>(chips).size(), "a chip twice: " + chips);
    assertTrue(chips.containsAll(List.of("gfx906", "gfx908", "gfx90a", "gfx942", "gfx1030", "gfx1100", "gfx1101", "gfx1102", "gfx1103",
        "gfx1150", "gfx1151", "gfx1201")), "chips: " + chips);
    MANIFEST.blobs().forEach((target, blob) -> assertTrue(blob.needs().getFirst().startsWith(target + "="), target));
  }

  @TestFactory
  Stream<DynamicTest> thereIsNothingButTheKernelsOfTheManifest() {
    return MANIFEST.blobs().values().stream().map(blob -> DynamicTest.dynamicTest(blob.target(),
        () -> assertEquals(new TreeSet<>(blob.entries().keySet()), new TreeSet<>(read(blob, MANIFEST.load(blob)).keySet()))));
  }

  @ParameterizedTest
  @CsvSource({"0, no code object", "18, no code object", "7, no code object", "8, code object version", "48, for machine 0x53e",
    "49, for machine 0x43f"})
  void anotherFileIsRefused(int at, String why) {
    byte[] code = CODE.clone();
    code[at] ^= 1;
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> read(SMALL, code));
    assertTrue(e.getMessage().startsWith(why), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 63, 64, 1000, 400_000, 878_000})
  void aFileCutShortIsRefused(int bytes) {
    assertThrows(IllegalArgumentException.class, () -> read(SMALL, Arrays.copyOf(CODE, bytes)));
  }

  @Test
  void codeForAnotherChipUnderThisNumberIsRefused() {
    byte[] code = replaced("amdhsa--gfx90a", 13, 'c');
    assertEquals("for amdgcn-amd-amdhsa--gfx90c", assertThrows(IllegalArgumentException.class, () -> read(SMALL, code)).getMessage());
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 9})
  void relocationsAreRefused(int type) {
    byte[] code = CODE.clone();
    ByteBuffer file = ByteBuffer.wrap(code).order(ByteOrder.LITTLE_ENDIAN);
    file.putInt((int) file.getLong(40) + 64 * (file.getShort(60) - 2) + 4, type); // .comment
    assertEquals("relocations", assertThrows(IllegalArgumentException.class, () -> read(SMALL, code)).getMessage());
  }

  /** The note has the words as MessagePack, one after the other, so that a value can be replaced by one of its length. */
  @ParameterizedTest
  @CsvSource({".sgpr_spill_count, 0, spilled scalars: 4", ".vgpr_spill_count, 0, spilled vectors: 4",
    ".private_segment_fixed_size, 0, private bytes: 4", ".offset, 0, offset of argument: 4", ".wavefront_size, 0, lanes: 4",
    ".kernarg_segment_size, 0, argument bytes: 4", ".group_segment_fixed_size, 0, shared bytes of the descriptor: 0 instead of 4",
    ".value_kind, 1, lobal_buffer"})
  void aFaultInTheNoteIsNoticed(String key, int at, String fault) {
    assertFault(replaced(key, key.length() + at, 4), fault);
  }

  @ParameterizedTest
  @CsvSource({"0, 128, shared bytes of the descriptor: 128", "4, 4, private bytes of the descriptor: 4",
    "8, 8, argument bytes of the descriptor: 8", "16, 0, start of the code", "49, 16, float mode: 241", "50, 0, float mode: 0",
    "52, 1, scratch of the descriptor", "56, 9, ", "56, 10, registers set at the start: 10", "57, 4, registers set at the start: ",
    "58, 1, preloaded arguments: 1"})
  void aFaultInADescriptorIsNoticed(int at, int value, String fault) {
    byte[] code = CODE.clone();
    code[Hsaco.descriptor(code, "exp_f32") + at] = (byte) value;
    if (fault == null) {
      assertEquals(Set.of(), read(SMALL, code).get("exp_f32").faults());
    } else {
      assertFault(code, fault);
    }
  }

  /** The first kernel has the fault and no other kernel has one. */
  private static void assertFault(byte[] code, String fault) {
    List<String> found = new ArrayList<>();
    Map<String, CodeInterface> kernels = read(SMALL, code);
    SMALL.entries().values().stream().map(KernelInterface::of)
        .forEach(kernel -> kernels.get(kernel.symbol()).differences(kernel).forEach(text -> found.add(kernel.symbol() + " " + text)));
    assertTrue(found.stream().allMatch(text -> text.startsWith("exp_f32 ")), found.toString());
    assertTrue(found.stream().anyMatch(text -> text.contains(fault)), found + " instead of " + fault);
  }

  private static byte[] replaced(String key, int at, int value) {
    byte[] code = CODE.clone();
    code[new String(code, StandardCharsets.ISO_8859_1).indexOf(key) + at] = (byte) value;
    return code;
  }
}

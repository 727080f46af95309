package io.gllm.kernels.rocm.gcn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reading listings, descriptors and instructions: what is not modelled is refused, by name. */
class DecodingTest {
  private static final String LISTING = "# gfx90a\n# sha256 9f64a747e1b97f131fabb6b447296c9b6f0201e79fb3c5356e6c77e89b6a806a\n"
      + "kernel a 0x100\n\ts_branch L4\nL4:\n\ts_endpgm\nkernel b 0x200\n\ts_endpgm\n";
  private static final byte[] BLOB = {1, 2, 3, 4};

  private static void refuses(String code, String... parts) {
    String message = assertThrows(GcnFault.class, () -> new Program("gfx1100").decode(code)).getMessage();
    for (String part : parts) {
      assertTrue(message.contains(part), message);
    }
  }

  @Test
  void everyOpcodeThatIsModelledIsTested() {
    Set<String> untested = new TreeSet<>(GcnKernel.modelled());
    untested.removeAll(VectorOpcodesTest.all().opcodes);
    untested.removeAll(MaskOpcodesTest.all().opcodes);
    untested.removeAll(FloatOpcodesTest.all().opcodes);
    untested.removeAll(ScalarOpcodesTest.all().opcodes);
    untested.removeAll(MemoryOpcodesTest.OPCODES);
    untested.removeAll(MatrixOpcodesTest.OPCODES);
    assertEquals(Set.of(), untested);
  }

  @Test
  void unknownInstructionsAreRefused() {
    refuses("v_exp_f32 v0, v1", "k: `v_exp_f32 v0, v1` is not modelled");
    refuses("v_add_f32 v0, v1, v2 clamp", "has modifier clamp, which is not modelled here");
    refuses("v_add_f32 v0, v1, v2 mul:2", "has modifier mul");
    refuses("v_mov_b32_dpp v0, v1 quad_perm:[0,1,2,3]", "v_mov_b32_dpp", "is not modelled");
    refuses("v_mov_b32 v0, v1, v2", "has operands that are not understood");
    refuses("v_mov_b32 v64, v1", "uses v64 of 64 vector registers");
    refuses("v_mov_b32 v0, a1", "has operand a1, which is not modelled");
    refuses("v_mov_b32 s0, v1", "wants 1 vector registers, not s0");
    refuses("v_lshlrev_b64 v0, 1, v[2:3]", "wants 2 vector registers, not v0");
    refuses("s_mov_b32 s0, v1", "wants 1 scalar registers, not v1");
    refuses("s_mov_b32 7, s1", "writes 7");
    refuses("s_waitcnt lgkmcnt(0) foo(1)", "has operand foo(1)");
    refuses("s_sendmsg sendmsg(MSG_INTERRUPT)", "is not modelled");
    refuses("s_and_saveexec_b64 s[4:5], vcc", "is for waves of another size");
    refuses("s_branch L7", "goes nowhere");
  }

  @ParameterizedTest
  @CsvSource({"v_add_u32,v_add_nc_u32", "v_addc_co_u32,v_add_co_ci_u32", "s_andn2_saveexec_b64,s_and_not1_saveexec_b64",
    "s_orn2_b64,s_or_not1_b64", "s_load_dwordx16,s_load_b512", "global_load_dword,global_load_b32",
    "global_store_dwordx4,global_store_b128",
    "global_store_short,global_store_b16", "ds_read_b128,ds_load_b128", "ds_read2st64_b32,ds_load_2addr_stride64_b32",
    "ds_write2_b32,ds_store_2addr_b32", "s_add_co_ci_u32,s_addc_u32", "v_mov_b32,v_mov_b32"})
  void olderAndNewerNamesMeanTheSame(String name, String normal) {
    assertEquals(normal, Names.normal(name));
  }

  @Test
  void aListingIsThatOfItsBlob() {
    Listing listing = Listing.parse(LISTING);
    assertEquals(Set.of("a", "b"), listing.kernels().keySet());
    assertEquals(0x200, listing.kernels().get("b").address());
    assertEquals(listing, listing.of("gfx90a", BLOB));
    String message = assertThrows(GcnFault.class, () -> listing.of("gfx90a", new byte[]{1, 2, 3, 5})).getMessage();
    assertTrue(message.contains("scripts/disassemble-hsaco writes it anew"), message);
    assertThrows(GcnFault.class, () -> listing.of("gfx942", BLOB));
    assertThrows(GcnFault.class, () -> Listing.parse("kernel a 0x0\n\ts_endpgm\n"));
    assertThrows(GcnFault.class, () -> Listing.parse(LISTING + "kernel c\n"));
  }

  @Test
  void aKernelStartsWhereItsDescriptorSays() {
    Descriptor elsewhere = new Descriptor(0, 0, 0x104, 64, 2, 0, 1);
    Listing.Text text = Listing.parse(LISTING).kernels().get("a");
    assertTrue(assertThrows(GcnFault.class, () -> GcnKernel.decode(Chip.of("gfx90a"), elsewhere, text)).getMessage()
        .contains("a starts at 0x104, its listing at 0x100"));
  }

  private static ByteBuffer descriptor() {
    ByteBuffer bytes = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(0, 1024).putInt(8, 40).putLong(16, 0x500).putInt(44, 4).putInt(48, 3 | 0xf0 << 12).putInt(52, 6 << 1 | 3 << 7)
        .putShort(56, (short) (1 | 1 << 3));
    return bytes;
  }

  @Test
  void aDescriptorSaysHowAWaveStarts() {
    assertEquals(new Descriptor(1024, 40, 0x1500, 20, 6, 4, 3), Descriptor.read(Chip.of("gfx90a"), descriptor(), 0, 0x1000));
  }

  @Test
  void aDescriptorThatAsksForMoreIsRefused() {
    refuses(descriptor().putInt(48, 3), "its floating point mode is 0x0");
    refuses(descriptor().putInt(4, 16), "it needs private memory");
    refuses(descriptor().putInt(52, 6 << 1 | 1 << 11), "it wants the places of threads along y and z");
    refuses(descriptor().putInt(52, 2 << 1), "its scalar registers do not add up");
    refuses(descriptor().putShort(58, (short) 1), "its arguments are preloaded");
    refuses(descriptor().putShort(56, (short) (1 << 3 | 1 << 10)), "its waves have other sizes than those of gfx90a");
  }

  private static void refuses(ByteBuffer descriptor, String cause) {
    String message = assertThrows(GcnFault.class, () -> Descriptor.read(Chip.of("gfx90a"), descriptor, 0, 0)).getMessage();
    assertTrue(message.contains(cause), message);
  }

  @Test
  void chipsDifferInTheirWaves() {
    assertEquals(new Chip("gfx90a", 64, 9), Chip.of("gfx90a"));
    assertEquals(new Chip("gfx1151", 32, 11), Chip.of("gfx1151"));
    assertThrows(GcnFault.class, () -> Chip.of("gfx803"));
  }
}

package io.gllm.kernels.testkit.cases;

import io.gllm.kernels.testkit.Suite;

/** The cases of every operator. */
public final class AllCases {
  private AllCases() {}

  /** Adds them, in the order of the documentation. */
  public static void addTo(Suite suite) {
    ReductionCases.addTo(suite);
    BinaryCases.addTo(suite);
    ScaleCases.addTo(suite);
    UnaryCases.addTo(suite);
    CastCases.addTo(suite);
    MatMulCases.addTo(suite);
    SoftmaxCases.addTo(suite);
    NormCases.addTo(suite);
    RopeCases.addTo(suite);
    QuantMatMulCases.addTo(suite);
    QuantCases.addTo(suite);
    FlashCases.addTo(suite);
    PagedCases.addTo(suite);
    CacheCases.addTo(suite);
    SamplingCases.addTo(suite);
    RandomCases.addTo(suite);
    PackCases.addTo(suite);
    LargeCases.addTo(suite);
  }
}

/** What every operator means, in double precision, written from the contract and sharing no code with any backend. */
package io.gllm.kernels.testkit.oracle;

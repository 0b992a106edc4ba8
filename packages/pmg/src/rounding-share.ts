/**
 * The share that rounding can add or take when single-precision sums run over `dimensions` products in four or more lanes;
 * generous (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1).
 */
export function roundingShare(dimensions: number): number {
  return (dimensions / 4 + 32) * 2 ** -24
}

import type { BenchReport } from '../harness'

/** Where models lie and how often is measured. */
export interface ModelBenchOptions {
  readonly models: string
  readonly rounds: number
  readonly gguf: string | undefined
}

/** What one part of the benchmark found. */
export type PartReport = Pick<BenchReport, 'figures' | 'notes'>

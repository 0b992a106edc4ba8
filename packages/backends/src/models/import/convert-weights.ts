import { convertWeight, quantizedInputs, type SafetensorsInput } from '@perstream/onnx'
import { writeSafetensorsFile } from '@perstream/onnx/node'
import type { CallOptions, Progress } from '@perstream/spec'
import type { PlannedWeight, WeightForm } from './weight-plan'

/** Values that share a scale. */
export const blockSize = 32

/** What long work takes. */
export interface ConvertOptions extends CallOptions {
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/**
 * Writes the planned weights into one safetensors file, converted piece by piece: some megabytes are in memory at a time.
 * @throws PerStreamError `model-invalid` for a file that ends early and values that are no numbers, `store-full`
 */
export async function convertWeights(
  path: string,
  plan: readonly PlannedWeight[],
  { onProgress, signal }: ConvertOptions = {},
): Promise<void> {
  const inputs = plan.flatMap(({ tensor, forms }) => forms.flatMap((form) => inputsOf({ tensor, form, signal })))
  await writeSafetensorsFile(path, inputs, {
    signal,
    onProgress: onProgress && ((progress) => onProgress({ ...progress, stage: 'converting weights' })),
  })
}

function inputsOf({
  tensor,
  form,
  signal,
}: CallOptions & Pick<PlannedWeight, 'tensor'> & { readonly form: WeightForm }): readonly SafetensorsInput[] {
  const { name, type, shape } = tensor.entry
  if (form === 'q4' || form === 'q8') {
    return quantizedInputs(tensor, { format: form, blockSize, scaleType: 'F32', signal })
  }
  const kept = form === 'same' ? type : form
  return [{ name, type: kept, shape, data: convertWeight(tensor, kept, { signal }) }]
}

import type { SafetensorsType } from '@perstream/onnx'
import type { CheckpointTensor } from '@perstream/onnx/node'
import type { ModelDtype } from '@perstream/spec'
import type { WeightRole } from '../graphs/model-weights'

/** How the weights of an imported model are kept. */
export type ImportDtype = Exclude<ModelDtype, 'q4f16'>

/** What becomes of a tensor: it stays what it is, is stored as another type, or in blocks of 4 or 8 bits. */
export type WeightForm = 'same' | 'F16' | 'q4' | 'q8'

/** One tensor of the checkpoint and the forms that it is kept in. */
export interface PlannedWeight {
  readonly tensor: CheckpointTensor
  readonly forms: readonly WeightForm[]
}

/** What the choice of a form depends on. */
export interface PlanOptions {
  readonly dtype: ImportDtype
  /** Matrices that lose most by 4 bits: the output matrix, and those of the vision tower. They get 8. */
  readonly isDelicate: (name: string) => boolean
}

/** Plans how each weight that a model uses is kept. Norms and biases stay what they are. */
export function planWeights(
  tensors: ReadonlyMap<string, CheckpointTensor>,
  roles: ReadonlyMap<string, ReadonlySet<WeightRole>>,
  { dtype, isDelicate }: PlanOptions,
): PlannedWeight[] {
  return [...roles].map(([name, uses]) => {
    const tensor = tensors.get(name)!
    const { type } = tensor.entry
    const forms = [...uses].map((role): WeightForm => {
      if (role === 'tensor' || dtype === 'f32') return 'same'
      if (role === 'rows' || dtype === 'f16') return narrowed(type)
      return dtype === 'q4' && !isDelicate(name) ? 'q4' : 'q8'
    })
    return { tensor, forms: [...new Set(forms)] }
  })
}

/** bfloat16 takes as little as float16 and is not rounded again. */
function narrowed(type: SafetensorsType): WeightForm {
  return type === 'F32' ? 'F16' : 'same'
}

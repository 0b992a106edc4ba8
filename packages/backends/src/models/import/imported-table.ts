import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { openSafetensors } from '@perstream/onnx'
import { fileSource, openCheckpoint } from '@perstream/onnx/node'
import type { WeightTable } from '../graphs/weight-table'
import { checkpointTable, convertedTable } from './checkpoint-table'

/** The one file of weights that an import writes when it converts. */
export const convertedName = 'weights.safetensors'

/**
 * Says where the weights of an imported model are.
 * @param folder the published model
 * @param imported what `importModel` made of it
 */
export async function readImportedTable(folder: string, imported: string): Promise<WeightTable> {
  await using checkpoint = await openCheckpoint(folder)
  const published = checkpointTable(checkpoint)
  const path = join(imported, 'onnx', convertedName)
  const converted = await access(path).then(
    () => true,
    () => false,
  )
  if (!converted) return published
  await using source = await fileSource(path)
  return convertedTable((await openSafetensors(source)).tensors, published, convertedName)
}

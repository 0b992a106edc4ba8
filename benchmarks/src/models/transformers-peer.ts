import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AutoModelForCausalLM, env, Tensor } from '@huggingface/transformers'
import { decodeModel, encodeModel, type OnnxGraph, type OnnxTensor } from '@perstream/onnx'
import { fileSource } from '@perstream/onnx/node'
import { smallModelFolder } from './small-model'

/** The small language model in transformers.js. */
export interface TransformersModel extends AsyncDisposable {
  generate(ids: readonly number[], count: number): Promise<number[]>
}

/**
 * Opens the small model's own weights in transformers.js, which wants embedding and decoder in one graph: they are joined, in a folder
 * that goes when the model is closed.
 */
export async function openTransformersModel(models: string): Promise<TransformersModel> {
  const folder = await mkdtemp(join(tmpdir(), 'perstream-bench-'))
  const source = smallModelFolder(models)
  await mkdir(join(folder, 'onnx'))
  for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json'])
    await copyFile(join(source, name), join(folder, name))
  await writeFile(join(folder, 'onnx', 'model.onnx'), await joined(join(source, 'onnx')))
  env.allowRemoteModels = false
  env.localModelPath = ''
  const model = await AutoModelForCausalLM.from_pretrained(folder, { dtype: 'fp32', local_files_only: true })
  return {
    async generate(ids, count) {
      const inputs = new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length])
      const attention_mask = new Tensor('int64', new BigInt64Array(ids.length).fill(1n), [1, ids.length])
      const options = { inputs, attention_mask, max_new_tokens: count, do_sample: false }
      const output = (await model.generate(options as never)) as unknown as { data: BigInt64Array }
      return Array.from(output.data, Number).slice(ids.length)
    },
    async [Symbol.asyncDispose]() {
      await model.dispose()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Embedding and decoder as one model with its weights inside. */
async function joined(folder: string): Promise<Uint8Array> {
  const embed = decodeModel(await readFile(join(folder, 'embed_tokens.onnx')))
  const decoder = decodeModel(await readFile(join(folder, 'decoder_model_merged.onnx')))
  const before = renamed(embed.graph)
  const weights = new Map<string, OnnxTensor>()
  for (const tensor of [...before.initializers, ...decoder.graph.initializers])
    if (!weights.has(tensor.name)) weights.set(tensor.name, { ...tensor, data: await bytesOf(tensor, folder) })
  const graph = {
    ...decoder.graph,
    nodes: [...before.nodes, ...decoder.graph.nodes],
    initializers: [...weights.values()],
    inputs: [...before.inputs, ...decoder.graph.inputs.filter(({ name }) => name !== 'inputs_embeds')],
  }
  return encodeModel({ ...decoder, opsets: { ...embed.opsets, ...decoder.opsets }, graph })
}

/** The embedding's graph with names between its nodes that the decoder has not. */
function renamed(graph: OnnxGraph): OnnxGraph {
  const fixed = new Set(['', ...[...graph.inputs, ...graph.outputs].map(({ name }) => name)])
  const shared = new Set(graph.initializers.filter(({ data }) => !(data instanceof Uint8Array)).map(({ name }) => name))
  const rename = (name: string) => (fixed.has(name) || shared.has(name) ? name : `embed.${name}`)
  return {
    ...graph,
    initializers: graph.initializers.map((tensor) => ({ ...tensor, name: rename(tensor.name) })),
    nodes: graph.nodes.map((node) => ({
      ...node,
      name: `embed.${node.outputs[0]}`,
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
    })),
  }
}

async function bytesOf({ data }: OnnxTensor, folder: string): Promise<Uint8Array> {
  if (data instanceof Uint8Array) return data
  await using source = await fileSource(join(folder, data.location))
  return source.read(data.offset, data.length)
}

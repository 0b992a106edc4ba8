import type { bertConfig } from '../made-checkpoint'

type Rows = number[][]

/** BERT written out in double precision, one text at a time: what tests of the graph compare with. */
export function bertReference(
  config: typeof bertConfig,
  weights: ReadonlyMap<string, Float32Array>,
  ids: readonly number[],
  segments: readonly number[] = ids.map(() => 0),
): Rows {
  const { hidden_size: width, num_attention_heads: heads } = config
  const get = (name: string) => weights.get(name)!
  const row = (name: string, i: number) => Array.from(get(name).subarray(i * width, (i + 1) * width))
  const add = (a: Rows, b: Rows) => a.map((values, i) => values.map((value, k) => value + b[i]![k]!))
  const linear = (rows: Rows, name: string) => {
    const [matrix, bias] = [get(`${name}.weight`), get(`${name}.bias`)]
    return rows.map((x) =>
      Array.from(bias, (start, out) => x.reduce((sum, value, k) => sum + value * matrix[out * x.length + k]!, start)),
    )
  }
  const norm = (rows: Rows, name: string) => {
    const [scale, bias] = [get(`${name}.weight`), get(`${name}.bias`)]
    return rows.map((x) => {
      const mean = x.reduce((sum, value) => sum + value, 0) / x.length
      const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length
      return x.map((value, k) => ((value - mean) / Math.sqrt(variance + 1e-12)) * scale[k]! + bias[k]!)
    })
  }
  const attention = (rows: Rows, name: string) => {
    const [queries, keys, values] = ['query', 'key', 'value'].map((part) => linear(rows, `${name}self.${part}`)) as [
      Rows,
      Rows,
      Rows,
    ]
    const size = width / heads
    const answers = queries.map((query) =>
      Array.from({ length: heads }, (_, head) => {
        const range = Array.from({ length: size }, (_, k) => head * size + k)
        const scores = keys.map((key) => range.reduce((sum, k) => sum + query[k]! * key[k]!, 0) / Math.sqrt(size))
        const shares = scores.map((score) => Math.exp(score - Math.max(...scores)))
        const total = shares.reduce((sum, share) => sum + share, 0)
        return range.map((k) => values.reduce((sum, value, i) => sum + (shares[i]! / total) * value[k]!, 0))
      }).flat(),
    )
    return linear(answers, `${name}output.dense`)
  }
  const gelu = (rows: Rows) => rows.map((x) => x.map((value) => (value / 2) * (1 + errorFunction(value / Math.SQRT2))))

  let rows = ids.map((id, i) => {
    const [word, place, kind] = [
      row(`${table('word')}`, id),
      row(table('position'), i),
      row(table('token_type'), segments[i]!),
    ]
    return word.map((value, k) => value + place[k]! + kind[k]!)
  })
  rows = norm(rows, 'embeddings.LayerNorm')
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const name = `encoder.layer.${layer}.`
    rows = norm(add(rows, attention(rows, `${name}attention.`)), `${name}attention.output.LayerNorm`)
    const fed = linear(gelu(linear(rows, `${name}intermediate.dense`)), `${name}output.dense`)
    rows = norm(add(rows, fed), `${name}output.LayerNorm`)
  }
  return rows
}

function table(part: string): string {
  return `embeddings.${part}_embeddings.weight`
}

/** The error function by its series, which converges fast where activations are. */
function errorFunction(x: number): number {
  if (Math.abs(x) > 5) return Math.sign(x)
  let [term, sum] = [x, x]
  for (let n = 1; n < 200; n++) {
    term *= -(x * x) / n
    sum += term / (2 * n + 1)
  }
  return (2 / Math.sqrt(Math.PI)) * sum
}

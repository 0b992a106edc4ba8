import { precisions } from '@perstream/kit'
import type { CoarserPrecision, GridReference, Memory, TensorPrecision } from '@perstream/spec'
import { grown } from './grown'
import { hashText } from './hash-index'
import { IdTable } from './id-table'
import type { SectionReader, SectionWriter } from './sections'
import { encodedLength } from './tensors/grid-codec'

/** Which of its two grids of a memory. */
export type GridPart = 'meanGrid' | 'nearestGrid'

/** What a grid is but for its id. */
type Shape = Omit<GridReference, 'id'>

/** Which grids the memories have, by slot, and how many have each. */
export class GridTable {
  readonly #ids = new IdTable(hashText)
  readonly #shapes: Shape[] = []
  /** How many parts of memories each grid is. */
  #uses: Uint32Array = new Uint32Array(16)
  /** By slot: the number of a grid, plus 1; 0 where there is none. */
  readonly #bySlot: Record<GridPart, Uint32Array> = { meanGrid: new Uint32Array(0), nearestGrid: new Uint32Array(0) }
  #bytes = 0
  #released = new Set<string>()

  /** How many grids there are. */
  get size(): number {
    return this.#ids.size
  }

  /** All numbers of grids are below this. */
  get end(): number {
    return this.#ids.end
  }

  /** Bytes of all grids, each once. */
  get bytes(): number {
    return this.#bytes
  }

  has(id: string): boolean {
    return this.#ids.numberOf(id) !== undefined
  }

  /** How a grid is kept; undefined when no memory has it. */
  precisionOf(id: string): TensorPrecision | undefined {
    const number = this.#ids.numberOf(id)
    return number === undefined ? undefined : (this.#shapes[number]!.precision ?? 'f32')
  }

  /** The grids of a memory. */
  of(slot: number): Pick<Memory, GridPart> {
    const meanGrid = this.#referenceAt(slot, 'meanGrid')
    const nearestGrid = this.#referenceAt(slot, 'nearestGrid')
    return { ...(meanGrid && { meanGrid }), ...(nearestGrid && { nearestGrid }) }
  }

  /** The number of a grid of a memory. */
  numberAt(slot: number, part: GridPart): number | undefined {
    const stored = this.#bySlot[part][slot] ?? 0
    return stored === 0 ? undefined : stored - 1
  }

  /** The shape of a grid, and how it is kept. */
  shapeOf(number: number): Shape {
    return this.#shapes[number]!
  }

  /** Bytes of a grid. */
  bytesOf(number: number): number {
    return bytesOf(this.#shapes[number]!)
  }

  put(slot: number, { meanGrid, nearestGrid }: Pick<Memory, GridPart>): void {
    const before = [this.numberAt(slot, 'meanGrid'), this.numberAt(slot, 'nearestGrid')]
    this.#set(slot, 'meanGrid', meanGrid && this.#use(meanGrid))
    this.#set(slot, 'nearestGrid', nearestGrid && this.#use(nearestGrid))
    for (const number of before) if (number !== undefined) this.#release(number)
  }

  /** Takes a grid from a memory. */
  take(slot: number, part: GridPart): void {
    const number = this.numberAt(slot, part)
    if (number === undefined) return
    this.#set(slot, part, undefined)
    this.#release(number)
  }

  /** Keeps a grid less exactly, for all that have it; does nothing where it is no more exact. */
  demote(slot: number, part: GridPart, to: CoarserPrecision): void {
    const number = this.numberAt(slot, part)
    if (number !== undefined) this.#demote(number, to)
  }

  /** Ids of grids that were let go, or are kept less exactly, since this was last asked. */
  takeReleased(): ReadonlySet<string> {
    const released = this.#released
    this.#released = new Set()
    return released
  }

  save(writer: SectionWriter, name: string): void {
    this.#ids.save(writer, `${name}.ids`)
    writer.json(`${name}.shapes`, this.#shapes)
    writer.numbers(`${name}.uses`, this.#uses)
    writer.numbers(`${name}.mean`, this.#bySlot.meanGrid)
    writer.numbers(`${name}.nearest`, this.#bySlot.nearestGrid)
  }

  restore(reader: SectionReader, name: string): void {
    this.#ids.restore(reader, `${name}.ids`)
    this.#shapes.push(...reader.json<Shape[]>(`${name}.shapes`))
    this.#uses = reader.uint32(`${name}.uses`)
    this.#bySlot.meanGrid = reader.uint32(`${name}.mean`)
    this.#bySlot.nearestGrid = reader.uint32(`${name}.nearest`)
    for (const number of this.#ids.numbers()) this.#bytes += bytesOf(this.#shapes[number]!)
  }

  #referenceAt(slot: number, part: GridPart): GridReference | undefined {
    const number = this.numberAt(slot, part)
    return number === undefined ? undefined : { id: this.#ids.idOf(number), ...this.#shapes[number]! }
  }

  #set(slot: number, part: GridPart, number: number | undefined): void {
    if (number === undefined && slot >= this.#bySlot[part].length) return
    this.#bySlot[part] = grown(this.#bySlot[part], slot + 1)
    this.#bySlot[part][slot] = number === undefined ? 0 : number + 1
  }

  #use({ id, ...shape }: GridReference): number {
    const known = this.#ids.numberOf(id)
    const number = known ?? this.#ids.add(id)
    this.#uses = grown(this.#uses, number + 1)
    this.#uses[number]!++
    if (known === undefined) {
      this.#shapes[number] = shape
      this.#bytes += bytesOf(shape)
    } else if (shape.precision) this.#demote(number, shape.precision)
    return number
  }

  #demote(number: number, precision: CoarserPrecision): void {
    const shape = this.#shapes[number]!
    if (precisions.indexOf(shape.precision ?? 'f32') >= precisions.indexOf(precision)) return
    this.#bytes -= bytesOf(shape)
    this.#shapes[number] = { ...shape, precision }
    this.#bytes += bytesOf(this.#shapes[number])
    this.#released.add(this.#ids.idOf(number))
  }

  #release(number: number): void {
    this.#uses[number]!--
    if (this.#uses[number]! > 0) return
    this.#released.add(this.#ids.idOf(number))
    this.#bytes -= bytesOf(this.#shapes[number]!)
    this.#ids.delete(number)
  }
}

function bytesOf(shape: Shape): number {
  return encodedLength(shape, shape.precision ?? 'f32')
}

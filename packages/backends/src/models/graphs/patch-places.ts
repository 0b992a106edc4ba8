import type { GraphValue } from '@perstream/onnx'
import type { Operators } from './operators'

/**
 * Where each patch of a run is, computed from `image_grid_thw`. Patches come image by image, frame by frame, and within a
 * frame block by block: the merge² patches that become one row lie together. All are int64 [patches].
 */
export interface PatchPlaces {
  /** Row and column in the frame, in patches. */
  readonly row: GraphValue
  readonly column: GraphValue
  /** Height and width of the frame, in patches. */
  readonly height: GraphValue
  readonly width: GraphValue
  /** The frame, counted over all images, and the number of them, [1]. */
  readonly frame: GraphValue
  readonly frames: GraphValue
  /** The place within the frame, and the largest number of patches that a frame has, [1]. */
  readonly inFrame: GraphValue
  readonly largestFrame: GraphValue
}

/**
 * Places the patches of images.
 * @param grid int64 [images, 3]: frames, and patches down and across
 * @param count the number of patches, [1]
 * @param merge patches of a side that become one row
 */
export function placePatches(operators: Operators, grid: GraphValue, count: GraphValue, merge: number): PatchPlaces {
  const { graph, gather, multiply, subtract, add, divide, apply, range, index, sum, unsqueeze, cast } = operators
  const column = (i: number) => gather(grid, index(i), 1) // [images]
  const [times, heights, widths] = [column(0), column(1), column(2)]
  const areas = multiply(heights, widths)
  const upTo = (values: GraphValue) => apply('CumSum', values, index(0))
  const sizes = multiply(times, areas)
  const ends = upTo(sizes)
  const all = range(count)
  const passed = cast(apply('GreaterOrEqual', unsqueeze(all, 1), unsqueeze(ends, 0)), 'int64') // [patches, images]
  const image = sum(passed, 1)
  const ofImage = (values: GraphValue) => gather(values, image)
  const offset = subtract(all, ofImage(subtract(ends, sizes)))
  const area = ofImage(areas)
  const inFrame = apply('Mod', offset, area)
  const width = ofImage(widths)
  const side = index(merge)
  const [block, inBlock] = [divide(inFrame, index(merge ** 2)), apply('Mod', inFrame, index(merge ** 2))]
  const blocksAcross = divide(width, side)
  const place = (blockPlace: GraphValue, within: GraphValue) => add(multiply(blockPlace, side), within)
  return {
    row: place(divide(block, blocksAcross), divide(inBlock, side)),
    column: place(apply('Mod', block, blocksAcross), apply('Mod', inBlock, side)),
    ...{ height: ofImage(heights), width, inFrame },
    frame: add(ofImage(subtract(upTo(times), times)), divide(offset, area)),
    frames: sum(unsqueeze(times, 1), 0),
    largestFrame: graph.node('ReduceMax', [areas], { attributes: { keepdims: 1 } }),
  }
}

import type { GraphValue } from '@perstream/onnx'
import { unseen } from './causal-attention'
import type { Operators, Size } from './operators'
import type { PatchPlaces } from './patch-places'

/**
 * Patches in groups that attend among themselves: frames, or windows of frames. Groups are padded to one size, so that
 * attention is one product over groups and no mask of patches by patches is needed.
 */
export interface PatchGroups {
  /** int64 [groups * size]: the patch in each place of each group; any patch where a place is empty. */
  readonly members: GraphValue
  /** int64 [patches]: the place of each patch. */
  readonly places: GraphValue
  /** Added to scores: [groups, 1, 1, size]. */
  readonly mask: GraphValue
  readonly size: Size
}

/** Groups patches by frame. */
export function groupByFrame(operators: Operators, places: PatchPlaces): PatchGroups {
  const { frame, inFrame, frames, largestFrame } = places
  const place = operators.add(operators.multiply(frame, largestFrame), inFrame)
  return groupsOf(operators, { place, groups: frames, size: largestFrame })
}

/**
 * Groups patches by windows of `side` x `side` merged patches. Windows are counted as if every frame were as large as the
 * largest sides of all, so that their numbers need no sums over images.
 */
export function groupByWindow(
  operators: Operators,
  places: PatchPlaces,
  { side, merge }: { readonly side: number; readonly merge: number },
): PatchGroups {
  const { graph, add, multiply, divide, apply, index } = operators
  const span = index(side * merge)
  const size = (side * merge) ** 2
  const largest = (values: GraphValue) => {
    const most = graph.node('ReduceMax', [values], { attributes: { keepdims: 1 } })
    return divide(add(most, index(side * merge - 1)), span)
  }
  const [down, across] = [largest(places.height), largest(places.width)]
  const windowOf = (value: GraphValue) => divide(value, span)
  const inWindow = (value: GraphValue) => apply('Mod', value, span)
  const inFrame = add(multiply(windowOf(places.row), across), windowOf(places.column))
  const window = add(multiply(places.frame, multiply(down, across)), inFrame)
  const within = add(multiply(inWindow(places.row), span), inWindow(places.column))
  const place = add(multiply(window, index(size)), within)
  const groups = multiply(places.frames, multiply(down, across))
  return groupsOf(operators, { place, groups, size })
}

interface GroupShape {
  /** int64 [patches] */
  readonly place: GraphValue
  /** [1] */
  readonly groups: GraphValue
  readonly size: Size
}

function groupsOf(operators: Operators, { place, groups, size }: GroupShape): PatchGroups {
  const { graph, list, multiply, apply, subtract, scalar, reshape, range, cast } = operators
  const places = multiply(groups, typeof size === 'number' ? list(size) : size)
  const patches = range(operators.size(place, 0))
  const scatter = (start: GraphValue, values: GraphValue) => apply('ScatterElements', start, place, values)
  const none = graph.node('ConstantOfShape', [places], {
    attributes: { value: { type: 'tensor', value: { name: '', type: 'int64', shape: [1], data: new Uint8Array(8) } } },
  })
  const ones = apply('Equal', patches, patches)
  const taken = scatter(cast(none, 'float32'), cast(ones, 'float32'))
  const mask = multiply(subtract(scalar(1), taken), scalar(unseen))
  return { members: scatter(none, patches), places: place, mask: reshape(mask, groups, 1, 1, size), size }
}

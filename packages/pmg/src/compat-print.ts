import type { CompatEdge, CompatNode } from './compat-records'

interface Group {
  readonly category: string
  readonly nodes: readonly CompatNode[]
  readonly edges: readonly CompatEdge[]
}

/** Prints a graph as the prototype does (BEHAVIOUR: 6.8). Its cross-category block never has a line, and is left out. */
export function printCompatGraph(graph: {
  readonly groups: readonly Group[]
  readonly threshold: number
  readonly find: (id: string) => CompatNode
}): string {
  const filled = graph.groups.filter(({ nodes }) => nodes.length > 0)
  const count = (of: 'nodes' | 'edges') => filled.reduce((sum, group) => sum + group[of].length, 0)
  return [
    bar('='),
    'PERSONALIZED MEMORY GRAPH',
    bar('='),
    `Total Nodes: ${count('nodes')}`,
    `Total Edges: ${count('edges')}`,
    `Similarity Threshold: ${graph.threshold}`,
    '',
    ...filled.flatMap((group) => printGroup(group, graph.find)),
    bar('='),
  ].join('\n')
}

function printGroup({ category, nodes, edges }: Group, find: (id: string) => CompatNode): string[] {
  const line = ({ source, target, predicate }: CompatEdge, i: number) =>
    `  ${i + 1}. [${cut(name(find(source)), 20)}] --[${predicate}]--> [${cut(name(find(target)), 20)}]`
  return [
    bar('-', 60),
    `CATEGORY: ${category.toUpperCase()}`,
    bar('-', 60),
    `Nodes in category: ${nodes.length}`,
    '',
    'NODES:',
    ...nodes.map((node, i) => `  ${i + 1}. [${node.id.slice(0, 8)}...] ${cut(name(node), 50)}`),
    '',
    ...(edges.length > 0 ? ['EDGES:', ...edges.map(line)] : ['EDGES: None']),
    '',
  ]
}

function name(node: CompatNode): string {
  return node.label || node.text || ''
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 3)}...` : text
}

function bar(character: string, length = 80): string {
  return character.repeat(length)
}

import fc from 'fast-check'

/** Values of every type that structured clone keeps, nested; no invalid dates, which `deepStrictEqual` never finds equal. */
export const structuredValue: fc.Arbitrary<unknown> = fc.anything({
  values: [
    fc.boolean(),
    fc.integer(),
    fc.double(),
    fc.bigInt(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom(null, undefined, Number.NaN, -0, '\ud800', '__proto__'),
    fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes)),
    fc.uint8Array({ maxLength: 40 }).map(bytes => bytes.buffer),
    fc.date({ noInvalidDate: true }),
    fc.constantFrom(/a+/g, /\//u, /(?:)/),
    fc.string().map(message => new TypeError(message, { cause: message })),
  ],
  withBigInt: true,
  withMap: true,
  withObjectString: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
  withBoxedValues: true,
})

/** An object that can refer to any other, itself too. */
export interface GraphNode {
  readonly id: number
  readonly links: GraphNode[]
}

/** Graphs with shared references and cycles; every node is linked from the first. */
export const graph: fc.Arbitrary<GraphNode> = fc
  .array(fc.array(fc.nat(9), { maxLength: 4 }), { minLength: 1, maxLength: 10 })
  .map(edges => {
    const nodes = edges.map((_, id): GraphNode => ({ id, links: [] }))
    for (const [from, targets] of edges.entries()) {
      for (const to of targets) nodes[from]?.links.push(nodes[to % nodes.length] as GraphNode)
    }
    nodes[0]?.links.push(...nodes)
    return nodes[0] as GraphNode
  })

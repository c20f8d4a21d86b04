import {
  CommonTableExpressionNameNode,
  CommonTableExpressionNode,
  type KyselyPlugin,
  type OperationNode,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  type QueryResult,
  RawNode,
  type RootOperationNode,
  SelectQueryNode,
  type SetOperationNode,
  type UnknownRow,
  WithNode,
} from 'kysely';

/** What a table stands for in a query; undefined to leave it as it is. @throws Problem when it cannot be asked just now. */
export type Substitute = (table: string) => RawNode | undefined;

/**
 * Lets every query read its tables as of the vantage of whoever asks, without knowing of it: a common table expression
 * of the table's own name stands before it. Works on built queries and on SQL text alike.
 */
export class HistoryPlugin implements KyselyPlugin {
  constructor(
    private readonly names: ReadonlySet<string>,
    private readonly substitute: Substitute,
  ) {}

  transformQuery({ node }: PluginTransformQueryArgs): RootOperationNode {
    const expressions = [...this.tablesIn(node)].flatMap((name) => {
      const select = this.substitute(name);
      return select === undefined ? [] : [{ name, select }];
    });
    if (expressions.length === 0) return node;
    if (node.kind === 'RawNode') return withText(node, expressions);
    if (node.kind === 'SelectQueryNode') return withExpressions(node, expressions);
    throw new Error(`a ${node.kind} cannot be asked of the past`);
  }

  transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return Promise.resolve(result);
  }

  private tablesIn(node: OperationNode): ReadonlySet<string> {
    const found = new Set<string>();
    const visit = (part: unknown): void => {
      if (typeof part !== 'object' || part === null) return;
      if (Array.isArray(part)) {
        part.forEach(visit);
        return;
      }
      const { kind } = part as { readonly kind?: unknown };
      if (kind === 'TableNode') {
        const { name } = (part as { table: { identifier: { name: string } } }).table.identifier;
        if (this.names.has(name)) found.add(name);
        return;
      }
      if (kind === 'ValueNode' || kind === 'PrimitiveValueListNode') return;
      if (kind === 'RawNode') {
        const { sqlFragments } = part as RawNode;
        for (const fragment of sqlFragments) for (const [word] of fragment.matchAll(/[a-z_]+/g)) if (this.names.has(word)) found.add(word);
      }
      for (const value of Object.values(part)) visit(value);
    };
    visit(node);
    return found;
  }
}

interface Expression {
  readonly name: string;
  readonly select: RawNode;
}

function withExpressions(node: SelectQueryNode, expressions: readonly Expression[]): SelectQueryNode {
  const all = [
    ...expressions.map(({ name, select }) => ({
      ...CommonTableExpressionNode.create(CommonTableExpressionNameNode.create(name), joined('(', select, ')')),
      materialized: false,
    })),
    ...(node.with?.expressions ?? []),
  ];
  const first = WithNode.create(all[0] as CommonTableExpressionNode, node.with?.recursive === true ? { recursive: true } : {});
  return {
    ...node,
    with: all.slice(1).reduce((clause, expression) => WithNode.cloneWithExpression(clause, expression), first),
    ...(node.setOperations && { setOperations: node.setOperations.map(withoutOwn) }),
  };
}

/** What is united with a query has come through here by itself, but SQL lets nothing stand before it: what it reads stands before the whole. */
function withoutOwn(node: SetOperationNode): SetOperationNode {
  if (!SelectQueryNode.is(node.expression)) return node;
  const { with: _own, ...expression } = node.expression;
  return { ...node, expression };
}

/** The expressions stand before the text's own. */
function withText(node: RawNode, expressions: readonly Expression[]): RawNode {
  const [head = '', ...rest] = node.sqlFragments;
  // A text made of another text alone begins with nothing.
  if (head.trim() === '' && node.parameters[0]?.kind === 'RawNode') {
    return { ...node, parameters: [withText(node.parameters[0] as RawNode, expressions), ...node.parameters.slice(1)] };
  }
  const own = /^\s*WITH\s+(RECURSIVE\s+)?/i.exec(head);
  const clauses = expressions.flatMap(({ name, select }, index) => [
    `${index === 0 ? '' : ', '}"${name}" AS NOT MATERIALIZED (`,
    select,
    ')',
  ]);
  const text = own === null ? head : head.slice(own[0].length);
  return joined(own?.[1] === undefined ? 'WITH ' : 'WITH RECURSIVE ', ...clauses, own === null ? ' ' : ', ', {
    ...node,
    sqlFragments: [text, ...rest],
  });
}

/** One text of several, with the parameters of all. */
function joined(...parts: readonly (string | RawNode)[]): RawNode {
  const fragments = [''];
  const parameters: OperationNode[] = [];
  for (const part of parts) {
    const [first = '', ...others] = typeof part === 'string' ? [part] : part.sqlFragments;
    fragments[fragments.length - 1] += first;
    fragments.push(...others);
    if (typeof part !== 'string') parameters.push(...part.parameters);
  }
  return RawNode.create(fragments, parameters);
}

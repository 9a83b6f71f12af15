/** A saying as it can be shown without saying it: for the documents. */
import { IntlMessageFormat } from "intl-messageformat";

type Node = { readonly type: number; readonly value?: unknown; readonly options?: Readonly<Record<string, { readonly value: readonly Node[] }>> };

/** The text with its places in ‹›, in the form that it has for several. */
export function outline(text: string): string {
  const of = (nodes: readonly Node[], place: string): string => nodes.map((node) => {
    if (typeof node.value !== "string") return place;
    if (node.type === 0) return node.value;
    if (node.options !== undefined) return of((node.options["other"] ?? { value: [] }).value, `‹${node.value}›`);
    return node.type === 7 ? place : `‹${node.value}›`;
  }).join("");
  return of(new IntlMessageFormat(text, "en").getAst() as unknown as readonly Node[], "‹…›");
}

import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { lookingFrom } from '@app/event-store';
import { notFound, refused } from '@app/kernel';
import { latestVersion, mayBeQuoted, Policies } from '@app/policies';
import { ListPublicNotices, type NoticedAward, type NoticeFilter } from './notices.query.js';
import { type NoticeFormat, type NoticePolicy, noticeTable } from './notice-table.js';

const PAGE = 500;
/** A table for a notice board. */
const MOST_ROWS = 10_000;

/** 公示表 of the notices of one policy that begin on one day; the latest such day when none is named. */
export class PrintNotice extends Query<Buffer> {
  constructor(
    readonly filter: NoticeFilter & { readonly pack: string },
    readonly format: NoticeFormat,
  ) {
    super();
  }
}

@QueryHandler(PrintNotice)
export class PrintNoticeHandler implements IQueryHandler<PrintNotice> {
  constructor(
    private readonly queries: QueryBus,
    private readonly policies: Policies,
  ) {}

  /** @throws Problem `policy-unknown`, `notice-unknown`, `notice-too-long`. */
  async execute({ filter, format }: PrintNotice): Promise<Buffer> {
    const policy = await this.policyOf(filter.pack);
    const found = await this.all(filter);
    const day = filter.from ?? found.reduce((latest, { startsOn }) => (startsOn > latest ? startsOn : latest), '');
    const noticed = found.filter(({ startsOn }) => startsOn === day);
    if (noticed.length === 0) throw notFound('notice-unknown', `nothing of ${filter.pack} is on public notice as asked for`);
    return noticeTable(noticed, policy, format);
  }

  private async all(filter: NoticeFilter): Promise<readonly NoticedAward[]> {
    const found: NoticedAward[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await this.queries.execute(new ListPublicNotices(filter, PAGE, cursor));
      found.push(...page.items);
      if (page.next === undefined) return found;
      if (found.length >= MOST_ROWS) throw refused('notice-too-long', `more than ${MOST_ROWS} awards: name a clause or the first day`);
      cursor = page.next;
    }
  }

  /** In its words, unless the class of disclosure it has today forbids that. */
  private async policyOf(pack: string): Promise<NoticePolicy> {
    const [then, today] = [await this.policies.state(pack), await lookingFrom(undefined, () => this.policies.state(pack))];
    const [version, latest] = [latestVersion(then), latestVersion(today)];
    if (version === undefined || latest === undefined) throw notFound('policy-unknown', `no policy ${pack} has been published`);
    const { title, issuer, clauses } = version.pack;
    if (!mayBeQuoted(latest.pack.disclosure)) return { issuer };
    return {
      issuer,
      quoted: { title, clauses: new Map(clauses.map(({ id, title: name, citation }) => [id, { title: name, quote: citation.quote }])) },
    };
  }
}

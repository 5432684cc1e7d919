"""The requests of one target, one after the other, and what becomes of each."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from tierops import diff, plan
from tierops.apply.readback import Connection, Patience, settled, showing
from tierops.apply.results import PLACE, Known, result_of, result_unread
from tierops.errors import UNAUTHORIZED, AnswerLost, Interrupted, NotSent, PlanRefused, TieropsError, VendorError
from tierops.model import Fate, Live, LiveTier, Place, Request, Result, Scale, TargetPlan, Tier

_MOST_SENDS = 3
_INTERRUPTED = "interrupted"
_GIVEN_UP = "interrupted before a create was answered"

_log = logging.getLogger(__name__)


class _Stopped(Exception):
    """No error: nothing more is sent to this target, for the reason given."""


class Walk:
    """One target: its requests, one after the other.

    `_live` is the last complete read, `_known` what became of each tier beside it. `_is_unread` says that something
    was sent since that read, `_doubt` what was wrong with its answer.
    """

    def __init__(self, target: TargetPlan, connection: Connection, patience: Patience, live: Live) -> None:
        self._target = target
        self._connection = connection
        self._patience = patience
        self._live = live
        self._known = Known(is_guarded=connection.vendor.abilities(target.target.place, live).is_guarded)
        self._is_unread = False
        self._doubt = ""

    def carry_out(self, ended: float) -> Result:
        """Send what is absent. `ended` is when the first read of the targets had ended."""
        trouble, is_all_sent = "", False
        try:
            trouble = self._send_all(ended)
            is_all_sent = not trouble
            self._look_again()
        except Interrupted:
            return self.result(self._also(_INTERRUPTED), is_interrupted=True)
        except PlanRefused as error:
            refused = self.result(str(error))._replace(is_refused=not self._known.sends)
            return refused if refused.is_refused else self._proved(refused)
        except VendorError as error:  # of a read; each way in which a request can end is told by `_send`
            what = "reading back" if self._is_unread else "the read before the create"
            failure = self._also(f"{what} failed: {error}")
            # What is to be told of a run that stopped part-way is what it did. One that sent all must prove it.
            return self.result(f"{trouble}; {failure}" if trouble else failure, is_believed=not is_all_sent)
        except Exception as error:  # noqa: BLE001 (a mistake here must not take the report of other targets with it)
            _log.exception("%s", self._target.address)
            self._is_unread = bool(self._known.sends)
            mistake = f"a mistake in tierops, please report it: {type(error).__name__}: {error}"
            return self.result(mistake, is_believed=not is_all_sent)
        return self._proved(self.result(trouble))

    def _proved(self, result: Result) -> Result:
        """What stopped a target does not matter where live is as wanted in the end, and nothing exists twice."""
        is_whole = {outcome.fate for outcome in result.outcomes} <= {Fate.DONE, Fate.ALREADY}
        is_wanted = is_whole and result.remaining == () and not diff.duplicates(self._live.tiers)
        return result._replace(trouble="") if is_wanted else result

    def result(self, trouble: str = "", *, is_interrupted: bool = False, is_believed: bool = False) -> Result:
        """What is known of each create now.

        What was not read back is told as the answers said where `is_believed`, or where somebody asked to stop.
        """
        if self._is_unread or self._known.under_way:
            is_believed = is_believed or is_interrupted
            result = result_unread(self._target, self._live, self._known, trouble, is_confirmed=is_believed)
        else:
            amiss = self._connection.vendor.abilities(self._place, self._live).amiss
            result = result_of(self._target, self._live, self._known, trouble, amiss)
        return result._replace(is_interrupted=is_interrupted)

    def given_up(self) -> Result:
        """What is known of each create while another thread is still at it, for which nobody waits any longer."""
        trouble = _GIVEN_UP if self._known.under_way else _INTERRUPTED
        return self.result(self._also(trouble), is_interrupted=True)

    def _also(self, trouble: str) -> str:
        """What stops the target, after what had gone wrong with the last request, if that was not read back."""
        return f"{self._doubt}; {trouble}" if self._is_unread and self._doubt else trouble

    @property
    def _place(self) -> Place:
        return self._target.target.place

    def _look_again(self) -> None:
        """Read until the list shows all that was confirmed; and until it has settled, where an answer was lost."""
        ids = self._known.ids
        if not self._is_unread and ids <= {tier.id for tier in self._live.tiers}:
            return
        if self._known.lost:
            self._live = settled(self._connection, self._place, self._patience, ids=ids)
        else:
            self._live = showing(self._connection, self._place, self._patience, ids)
        self._is_unread = False
        self._absent()

    def _absent(self) -> tuple[Tier, ...]:
        return plan.missing(self._target, self._live)

    def _send_all(self, ended: float) -> str:
        """Send until nothing is absent; what stopped it before, or nothing.

        The first request waits for the second of two equal reads: a run that was killed a moment ago may have a create
        on its way. Many targets share the wait.
        """
        pause = ended + self._patience.settle - self._patience.now()
        if pause > 0:
            self._patience.sleep(pause)
        self._live = settled(self._connection, self._place, self._patience, self._live)
        try:
            requests = self._left(self._target.requests)
            while requests:
                requests = self._left((*self._send(requests[0]), *requests[1:]))
        except _Stopped as stopped:
            return str(stopped)
        return ""

    def _left(self, requests: Sequence[Request]) -> Sequence[Request]:
        """Those of the requests that still create something, as the last read shows. Raises `PlanRefused`."""
        if self._is_unread:  # nothing new is known
            return requests
        planned = self._target._replace(requests=tuple(requests))
        return plan.remaining_requests(planned, self._absent(), self._live, self._connection.vendor)

    def _send(self, request: Request) -> Sequence[Request]:
        """Send one request and find out what became of it. Returns it where what is absent of it is to be sent again.

        Raises `_Stopped` where nothing more may be sent to this target.
        """
        self._patience.check()
        names = request.tiers or (PLACE,)
        what = ", ".join(request.tiers) or f"{self._place.noun} {self._place.name!r}"
        self._patience.tell(f"{self._target.address}: creating {what}")
        self._known.begin(names)
        try:
            shown = self._connection.send(request)
        except NotSent as error:
            self._known.withdraw()
            raise _Stopped(str(error)) from None
        except AnswerLost as error:
            return self._after_lost(request, error)
        except VendorError as error:
            return self._after_refusal(request, error)
        except TieropsError:
            self._known.withdraw()
            raise
        except Exception:
            self._known.lose(names)  # it may have left
            raise
        self._is_unread = True
        if not request.tiers:
            return self._after_place(shown)
        wanted = [tier for tier in self._target.creates if tier.name in request.tiers]
        scale = self._target.target.scale
        if _is_as_wanted(scale.held(shown), scale.held(wanted), scale):
            self._known.confirm(shown)
            return ()
        self._known.store(shown, wanted)
        unlike = "the create was accepted, but its answer does not show the tiers as sent"
        return self._after_lost(request, AnswerLost(unlike, is_taken=True))

    def _after_place(self, shown: Sequence[LiveTier]) -> Sequence[Request]:
        """What is sent into a place goes by its id, which a read must show: one that lags may show another's."""
        self._known.make(shown)
        made = self._known.made
        self._live = showing(self._connection, self._place, self._patience, frozenset(), made, is_made=True)
        self._is_unread = False
        seen = self._live.identity.id
        if not seen:
            raise _Stopped("it was made, but no list shows it yet")
        if made not in ("", seen):
            raise _Stopped(
                f"it was made ({made}), but what the list shows is {seen}, and nothing is sent into that one"
            )
        return ()

    def _after_refusal(self, request: Request, error: VendorError) -> Sequence[Request]:
        """A refusal is believed once the list shows that nothing came of the request."""
        if error.status == UNAUTHORIZED:  # with a key that has expired there is nothing to read back with either
            self._known.withdraw()
            raise _Stopped(str(error)) from None
        self._is_unread = True
        self._known.refuse(request.tiers or (PLACE,))
        self._live = self._read_back(error)
        if self._is_absent(request):
            raise _Stopped(str(error)) from None
        return ()

    def _after_lost(self, request: Request, error: AnswerLost) -> Sequence[Request]:
        self._patience.tell(f"{self._target.address}: {error}; reading back")
        names = request.tiers or (PLACE,)
        self._known.lose(names)
        # What the vendor took is worth waiting for, unless it is stored under another name.
        awaited = frozenset(names) - self._known.stored.keys() if error.is_taken else frozenset()
        self._live = self._read_back(error, awaited)
        is_absent = self._is_absent(request)
        if is_absent and error.is_taken:
            raise _Stopped(str(error))
        if is_absent and not self._known.is_guarded and not self._known.ids <= {tier.id for tier in self._live.tiers}:
            raise _Stopped(f"{error}; the list lacks what was confirmed before, so it does not tell what came of this")
        if is_absent and max(self._known.lost[name] for name in names) >= _MOST_SENDS:
            raise _Stopped(f"{error}; sent {_MOST_SENDS} times")
        return (request,)

    def _is_absent(self, request: Request) -> bool:
        """True where the last read lacks something that the request creates. Raises `PlanRefused`."""
        absent = {tier.name for tier in self._absent()}
        return bool(absent & set(request.tiers)) if request.tiers else self._live.is_new

    def _read_back(self, error: VendorError, awaited: frozenset[str] = frozenset()) -> Live:
        """A settled read, which shows the `awaited` tiers, and what was confirmed, unless they take too long.

        Any complete one where the vendor itself refuses a second tier of a name, and did not take the request.
        """
        self._is_unread, self._doubt = True, str(error)
        if self._known.is_guarded and not (isinstance(error, AnswerLost) and error.is_taken):
            live = self._connection.fetch(self._place)
        else:
            is_made, tiers = PLACE in awaited, awaited - {PLACE}
            ids = self._known.ids  # a list without them is older than the request
            live = settled(self._connection, self._place, self._patience, ids=ids, names=tiers, is_made=is_made)
        self._is_unread, self._doubt = False, ""
        return live


def _is_as_wanted(shown: Sequence[LiveTier], wanted: Sequence[Tier], scale: Scale) -> bool:
    """True where an answer shows each wanted tier once, in any order, and nothing else."""
    by_name = {tier.name: tier for tier in shown}
    return len(shown) == len(wanted) and all(
        tier.name in by_name and diff.same(by_name[tier.name], scale.filled(tier, by_name[tier.name]))
        for tier in wanted
    )

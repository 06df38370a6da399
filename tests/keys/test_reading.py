"""Which indexes the verification of a code reads, before and while the index key is exchanged."""

import pytest
from django.db import connection

from cards.models.usage import UseKind
from cards.rules.policy import CodeKind
from cards.verification import statement
from cards.verification.claim import Claim, Details
from foundation.core import clock
from foundation.core.ids import new_public_id
from gmcrypto.index import blind_index, next_blind_index
from tests.cards import world
from tests.keys.everything import command

pytestmark = pytest.mark.django_db


def plan_of(who: world.Holder) -> str:
    moment = clock.now()
    claim = Claim(
        public_id=new_public_id(),
        number_index=blind_index("card-number", who.number.value),
        number_index_next=next_blind_index("card-number", who.number.value),
        code_digest=bytes(32),
        code_time=moment,
        use_no=1,
        kind=UseKind.DIRECT,
        code_kind=CodeKind.DYNAMIC,
        is_report=False,
        institution="",
        client="",
        at=moment,
        body_digest=bytes(32),
        details=Details(scene="0101012", terminal_id="", request_id="r", operation="verify"),
    )
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + statement.statement_for([claim]), statement.parameters([claim]))
        return "\n".join(row[0] for row in cursor.fetchall())


def test_a_code_among_many_cards_is_found_by_index_at_every_step() -> None:
    who = world.holder()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO cards_number
                (public_id, card_id, subject, value, value_index, main_index, key_version, state, created_at)
            SELECT 'x' || n, %s, '', ''::bytea, sha256(n::text::bytea), ''::bytea, 1, 'superseded', now()
            FROM generate_series(1, 20000) AS n
            """,
            [who.card.pk],
        )
        cursor.execute("ANALYZE cards_number")
    plan = plan_of(who)
    assert "Seq Scan on cards_number" not in plan
    assert "value_index_next" not in plan
    command("begin")
    plan = plan_of(who)
    assert "Seq Scan on cards_number" not in plan
    assert "value_index_next" in plan

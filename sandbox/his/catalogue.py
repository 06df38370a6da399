"""What happens in a hospital: every kind of event with an invented example of its members."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

Members = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """A kind of event.

    Attributes:
        about: What is numbered: ``report`` makes the aggregate ``report:<number>``.
        example: Makes the members from a fresh number and the present.
        has_patient: Whether it is about somebody.
    """

    name: str
    label: str
    about: str
    example: Callable[[str, datetime], Members]
    has_patient: bool = True


def _test(_number: str, _moment: datetime) -> Members:
    return {"note": "first event"}


def _booking(number: str, moment: datetime) -> Members:
    return {
        "booking_no": number,
        "schedule_code": "S0001",
        "starts_at": _later(moment, days=1),
        "number": 5,
    }


def _unbooked(number: str, _moment: datetime) -> Members:
    return {"booking_no": number, "reason": "患者改期"}


def _stopped(number: str, _moment: datetime) -> Members:
    return {"schedule_code": number, "reason": "医生临时参加抢救", "substitute": ""}


def _changed(number: str, moment: datetime) -> Members:
    day = moment + timedelta(days=2)
    start = day.replace(hour=9, minute=0, second=0, microsecond=0)
    return {
        "code": number,
        "department": "0101",
        "doctor": "1001",
        "date": day.date().isoformat(),
        "session": "am",
        "kind": "general",
        "fee_fen": 0,
        "bands": [
            {
                "starts_at": start.isoformat(),
                "ends_at": (start + timedelta(hours=1)).isoformat(),
                "capacity": 10,
            }
        ],
    }


def _ticket(number: str, _moment: datetime) -> Members:
    return {"queue_code": "Q0101", "department": "0101", "ticket_no": number}


def _queue(number: str, _moment: datetime) -> Members:
    return {
        "queue_code": "Q0101",
        "department": "0101",
        "ticket_no": number,
        "state": "waiting",
        "ahead": 3,
        "room": "3 诊室",
        "minutes_least": 10,
        "minutes_most": 25,
    }


def _called(number: str, moment: datetime) -> Members:
    return {
        "queue_code": "Q0101",
        "department": "0101",
        "ticket_no": number,
        "room": "3 诊室",
        "expires_at": _later(moment, minutes=5),
    }


def _prescription(number: str, moment: datetime) -> Members:
    return {
        "bill_no": number,
        "items": [
            {"title": "示范药品甲 0.25g", "amount_fen": 3_650, "quantity": 2, "category": "medicine"},
            {"title": "示范药品乙", "amount_fen": 1_280, "quantity": 1, "category": "medicine"},
        ],
        "total_fen": 4_930,
        "expires_at": _later(moment, days=3),
        "insurance": _insurance(number, moment, {"甲": 3_650, "乙": 1_280}),
    }


def _insurance(number: str, moment: datetime, amounts: dict[str, int]) -> Members:
    """What an insurance needs of a bill: the visit, and its lines under national codes."""
    began = moment.replace(microsecond=0).isoformat()
    return {
        "visit_no": f"MZ{number}",
        "visit_id": f"VIS{number}",
        "began_at": began,
        "department_code": "0301",
        "department_name": "呼吸内科",
        "speciality": "A03",
        "care_kind": "11",
        "batch_no": f"B{number}",
        "person_no": "0042",
        "scheme": "310",
        "insured_at": "110100",
        "lines": [
            {
                "line_no": str(place),
                "national_code": f"XN{place:012}",
                "own_code": f"Y{place:04}",
                "charged_at": began,
                "quantity": "1",
                "price_yuan": f"{fen / 100:.2f}",
                "amount_fen": fen,
            }
            for place, fen in enumerate(amounts.values(), 1)
        ],
    }


def _charge(number: str, _moment: datetime) -> Members:
    return {
        "bill_no": number,
        "items": [{"title": "腹部彩超", "amount_fen": 12_000, "category": "examination"}],
        "total_fen": 12_000,
    }


def _unbilled(number: str, _moment: datetime) -> Members:
    return {"bill_no": number}


def _paid(number: str, _moment: datetime) -> Members:
    return {"bill_no": number, "receipt_no": f"R{number}", "amount_fen": 12_000, "paid_by": "hospital"}


def _refunded(number: str, _moment: datetime) -> Members:
    return {"bill_no": number, "refund_no": f"F{number}", "amount_fen": 12_000, "refunded_by": "hospital"}


def _invoiced(number: str, moment: datetime) -> Members:
    return {
        "bill_no": number,
        "invoice_code": "11060126",
        "invoice_no": _figures(number),
        "check_code": "a1b2c3",
        "amount_fen": 12_000,
        "issued_at": moment.isoformat(),
        "has_document": True,
    }


def _uninvoiced(number: str, moment: datetime) -> Members:
    return {
        "bill_no": number,
        "invoice_code": "11060126",
        "invoice_no": _figures(number),
        "red_invoice_no": f"9{_figures(number)[1:]}",
        "reversed_at": moment.isoformat(),
    }


def _figures(number: str) -> str:
    """Ten figures of an invoice, the same for the same bill."""
    return f"{zlib.crc32(number.encode()):010d}"


def _medicine(number: str, _moment: datetime) -> Members:
    return {"prescription_no": number, "window": "3", "pick_code": "A12", "items_count": 2}


def _ordered(number: str, moment: datetime) -> Members:
    return {"order_no": number, "item_code": "US-ABD", "valid_until": _later(moment, days=30)}


def _exam(number: str, moment: datetime) -> Members:
    return {
        "order_no": number,
        "starts_at": _later(moment, days=1),
        "ends_at": _later(moment, days=1, minutes=15),
        "place": "医技楼一层 2 号机房",
    }


def _unordered(number: str, _moment: datetime) -> Members:
    return {"order_no": number}


def _report(number: str, moment: datetime) -> Members:
    return {
        "report_no": number,
        "kind": "lab",
        "title": "血常规",
        "reported_at": moment.isoformat(),
        "department": "91",
        "doctor": "示范医生甲",
        "has_document": True,
        "results": [
            {
                "code": "WBC",
                "name": "白细胞计数",
                "value": "6.2",
                "unit": "10^9/L",
                "range": "3.5-9.5",
                "mark": "",
            },
            {
                "code": "HGB",
                "name": "血红蛋白",
                "value": "108",
                "unit": "g/L",
                "range": "115-150",
                "mark": "L",
            },
        ],
    }


def _amended(number: str, moment: datetime) -> Members:
    report = _report(number, moment)
    report["results"][1] = {**report["results"][1], "value": "118", "mark": ""}
    return report


def _revoked(number: str, _moment: datetime) -> Members:
    return {"report_no": number, "reason": "标本标识有误"}


def _encounter(number: str, moment: datetime) -> Members:
    return {
        "encounter_no": number,
        "kind": "outpatient",
        "started_at": moment.isoformat(),
        "department": "0102",
        "doctor": "示范医生丙",
        "diagnoses": ["急性支气管炎"],
        "medicines": ["示范药品甲 0.25g，每日三次"],
    }


def _stay(number: str, _moment: datetime) -> Members:
    return {"inpatient_no": number, "ward": "内科一病区", "bed": "12"}


def _daily_list(number: str, moment: datetime) -> Members:
    return {
        "inpatient_no": number,
        "date": moment.date().isoformat(),
        "total_fen": 86_400,
        "categories": [
            {"name": "西药费", "amount_fen": 36_400},
            {"name": "床位费", "amount_fen": 50_000},
        ],
        "deposit_fen": 120_000,
    }


def _deposit(number: str, _moment: datetime) -> Members:
    return {"inpatient_no": number, "deposit_fen": 20_000, "suggested_fen": 200_000}


def _settlement(number: str, _moment: datetime) -> Members:
    return {
        "bill_no": number,
        "state": "settled",
        "insurance_fen": 3_000,
        "account_fen": 1_000,
        "own_fen": 930,
    }


def _emergency(_number: str, moment: datetime) -> Members:
    return {"place": "急诊科", "arrived_at": moment.isoformat()}


def _reminder(number: str, moment: datetime) -> Members:
    return {
        "task_no": number,
        "title": "复诊提醒",
        "due_on": (moment + timedelta(days=14)).date().isoformat(),
    }


def _later(moment: datetime, **by: int) -> str:
    return (moment + timedelta(**by)).replace(microsecond=0).isoformat()


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("connection.test", "连接测试", "test", _test, has_patient=False),
        Kind("appointment.booked", "预约成功", "booking", _booking),
        Kind("appointment.rescheduled", "预约改期", "booking", _booking),
        Kind("appointment.cancelled", "预约取消", "booking", _unbooked),
        Kind("schedule.changed", "排班变动", "schedule", _changed, has_patient=False),
        Kind("schedule.stopped", "停诊", "schedule", _stopped, has_patient=False),
        Kind("visit.checked_in", "签到", "ticket", _ticket),
        Kind("queue.updated", "排队变动", "ticket", _queue),
        Kind("queue.called", "叫号", "ticket", _called),
        Kind("prescription.payable", "处方待缴费", "bill", _prescription),
        Kind("bill.charged", "新的费用", "bill", _charge),
        Kind("bill.cancelled", "撤销费用", "bill", _unbilled),
        Kind("bill.paid_confirmed", "缴费确认", "bill", _paid),
        Kind("bill.refunded", "退费完成", "bill", _refunded),
        Kind("invoice.issued", "开具电子票据", "bill", _invoiced),
        Kind("invoice.reversed", "电子票据红冲", "bill", _uninvoiced),
        Kind("medicine.ready", "取药", "prescription", _medicine),
        Kind("exam.ordered", "开具检查", "exam", _ordered),
        Kind("exam.booked", "检查预约成功", "exam", _exam),
        Kind("exam.cancelled", "撤销检查", "exam", _unordered),
        Kind("exam.reminder", "检查提醒", "exam", _exam),
        Kind("report.published", "报告发布", "report", _report),
        Kind("report.amended", "报告更正", "report", _amended),
        Kind("report.revoked", "报告撤回", "report", _revoked),
        Kind("encounter.recorded", "就诊记录", "encounter", _encounter),
        Kind("inpatient.admitted", "入院", "stay", _stay),
        Kind("inpatient.transferred", "转科", "stay", _stay),
        Kind("inpatient.discharged", "出院", "stay", _stay),
        Kind("inpatient.daily_list", "一日清单", "stay", _daily_list),
        Kind("deposit.low", "预交金不足", "stay", _deposit),
        Kind("settlement.insurance_result", "医保结算结果", "bill", _settlement),
        Kind("emergency.contact_notify", "通知紧急联系人", "emergency", _emergency),
        Kind("followup.due", "随访", "task", _reminder),
        Kind("survey.invite", "满意度调查", "task", _reminder),
        Kind("education.push", "健康教育", "task", _reminder),
    )
}

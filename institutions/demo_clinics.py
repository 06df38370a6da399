"""Demo data: departments and doctors of the two hospitals. All of them are invented."""

from foundation.core.actor import Actor
from institutions.services import clinics
from institutions.types import DepartmentDetails, DoctorDetails

ACTOR = Actor.system("demo")

DEPARTMENTS: dict[str, tuple[DepartmentDetails, ...]] = {
    "90001": (
        DepartmentDetails("01", "内科", position=10),
        DepartmentDetails("0101", "心血管内科", "01", "门诊楼三层东", "高血压、冠心病、心律失常等", 11),
        DepartmentDetails("0102", "呼吸内科", "01", "门诊楼三层西", "咳嗽、哮喘、肺部感染等", 12),
        DepartmentDetails("02", "儿科", "", "门诊楼二层", "14 周岁以下儿童", 20),
        DepartmentDetails("03", "骨科", "", "门诊楼四层", "骨折、关节和脊柱疾病", 30),
        DepartmentDetails("90", "医学影像科", "", "医技楼一层", "CT、磁共振、超声", 90),
        DepartmentDetails("91", "检验科", "", "医技楼二层", "血液、尿液等检验", 91),
        DepartmentDetails("92", "门诊药房", "", "门诊楼一层", "取药窗口 1 至 6 号", 92),
    ),
    "90002": (
        DepartmentDetails("01", "中医内科", "", "门诊楼二层", "脾胃、失眠、调理", 10),
        DepartmentDetails("02", "针灸推拿科", "", "门诊楼三层", "颈肩腰腿痛", 20),
    ),
}
DOCTORS: dict[str, tuple[DoctorDetails, ...]] = {
    "90001": (
        DoctorDetails("1001", "示范医生甲", "0101", "11", "冠心病介入治疗", "从事心血管内科工作二十年。", 10),
        DoctorDetails("1002", "示范医生乙", "0101", "12", "高血压、心力衰竭", "", 20),
        DoctorDetails("1003", "示范医生丙", "0102", "13", "慢性咳嗽、哮喘", "", 10),
        DoctorDetails("1004", "示范医生丁", "02", "12", "儿童呼吸和消化疾病", "", 10),
        DoctorDetails("1005", "示范医生戊", "03", "11", "膝关节置换", "", 10),
    ),
    "90002": (
        DoctorDetails("2001", "示范医生己", "01", "11", "脾胃病", "", 10),
        DoctorDetails("2002", "示范医生庚", "02", "13", "颈椎病推拿", "", 10),
    ),
}
WORKS_HERE = "1001"


def load(hospital_id: str, place: str, *, doctor_account: str) -> None:
    """Write down what is missing or has changed; the first doctor works with the demo's account."""
    for department in DEPARTMENTS[hospital_id]:
        clinics.save_department(institution=place, details=department, actor=ACTOR)
    for doctor in DOCTORS[hospital_id]:
        account = doctor_account if doctor.code == WORKS_HERE else ""
        details = DoctorDetails(
            doctor.code,
            doctor.name,
            doctor.department,
            doctor.title,
            doctor.skills,
            doctor.intro,
            doctor.position,
            account=account,
        )
        clinics.save_doctor(institution=place, details=details, actor=ACTOR)

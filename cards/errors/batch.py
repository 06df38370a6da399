"""What can go wrong with lists of people for whom cards are made in advance."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError, NotFound


class BatchFileRefused(DomainError):
    """The file cannot be read as a list at all."""

    code = "batch_file_refused"
    status = 400
    message = _("这个文件不能读成名单")
    next_step = _("请下载模板，按模板整理后另存为 CSV 或 xlsx 再上传")


class BatchFileTooLarge(DomainError):
    """The file is longer, or unpacks to more, than is taken at once."""

    code = "batch_file_too_large"
    status = 413
    message = _("文件过大，一次最多 %(rows)s 行、%(megabytes)s MB")
    next_step = _("请分成几个文件上传")


class BatchHeaderMissing(DomainError):
    """No line of the file names the columns."""

    code = "batch_header_missing"
    status = 400
    message = _("没有找到表头：前 10 行里要有一行同时写着「姓名」和「证件号码」")
    next_step = _("请补上表头，或下载模板后重新整理")


class BatchHeaderRepeated(DomainError):
    """Two columns have the same meaning."""

    code = "batch_header_repeated"
    status = 400
    message = _("有两列都是「%(name)s」，分不清以哪列为准")
    next_step = _("请删去其中一列后重新上传")


class BatchEmpty(DomainError):
    """There is no line below the header."""

    code = "batch_empty"
    status = 400
    message = _("名单里没有人")
    next_step = _("请在表头下面填写后重新上传")


class BatchRepeated(DomainError):
    """The same list is here already."""

    code = "batch_repeated"
    status = 409
    message = _("同样的名单已经提交过")
    next_step = _("请在列表中查看它的结果；要重新处理，先取消原来的名单")


class BatchNotFound(NotFound):
    """There is no such list, or it is another institution's."""

    code = "batch_not_found"
    message = _("没有找到这份名单")


class BatchRowTaken(DomainError):
    """The line is not on the work list, or a colleague was faster."""

    code = "batch_row_taken"
    status = 409
    message = _("这一行已经处理过了")
    next_step = _("请返回清单，刷新后再看")


class RealNameUnanswered(DomainError):
    """Nobody confirmed the name, and nobody stands at a counter with a document."""

    code = "real_name_unanswered"
    status = 503
    message = _("实名核验没有答复")
    next_step = _("请稍后用新的请求重新提交这一条")

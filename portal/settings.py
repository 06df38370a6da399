"""Django settings: what a deployment may change comes from the environment (``portal.env``)."""

import sys

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from interop.oidc import deferred
from interop.oidc import rules as oidc_rules
from portal import database, env, queues, schema

BASE_DIR = env.BASE_DIR

# --- what kind of installation this is -------------------------------------------------------

TESTING = "pytest" in sys.modules
DEBUG = env.flag("DEBUG")
# Demo sign-ins, magic values and the console of the SMS gateway exist only with this set.
DEMO = env.flag("DEMO") or TESTING
SECRET_KEY = env.text("SECRET_KEY", "only-for-tests-" + "0" * 40 if TESTING else None)
BASE_URL = env.text("BASE_URL", "http://127.0.0.1:8000")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1],testserver" if DEMO else "")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", BASE_URL)
HOTLINE = env.text("HOTLINE", "12320")
HOTLINE_HOURS = env.text("HOTLINE_HOURS", "8:00–20:00")
CENTRE_NAME = env.text("CENTRE_NAME", "示范市电子健康卡管理中心")

# --- rooms -----------------------------------------------------------------------------------

INSTALLED_APPS = [
    "portal.apps.PortalConfig",
    "interop.apps.InteropConfig",
    "interop.oidc.apps.OidcConfig",
    "interop.his.apps.HisConfig",
    "notifications.apps.NotificationsConfig",
    "privacy.apps.PrivacyConfig",
    "appointments.apps.AppointmentsConfig",
    "records.apps.RecordsConfig",
    "payments.apps.PaymentsConfig",
    "cards.apps.CardsConfig",
    "identity.apps.IdentityConfig",
    "onboarding.apps.OnboardingConfig",
    "mpi.apps.MpiConfig",
    "institutions.apps.InstitutionsConfig",
    "foundation.accounts.apps.AccountsConfig",
    "foundation.gateway.apps.GatewayConfig",
    "foundation.carriers.apps.CarriersConfig",
    "foundation.events.apps.EventsConfig",
    "foundation.audit.apps.AuditConfig",
    "gmcrypto.apps.GmcryptoConfig",
    "foundation.core.apps.CoreConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.headless",
    "allauth.usersessions",
    "oauth2_provider",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "csp",
    "django_htmx",
]

MIDDLEWARE = [
    "foundation.gateway.middleware.TraceMiddleware",
    # A page with its codes has 43 KB, a fifth of it compressed; tokens in it are masked anew each time.
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "foundation.accounts.middleware.ActivityMiddleware",
    "portal.middleware.DomainErrorMiddleware",
]

# Keeps each web process on one core; for machines with a core for each of them.
PIN_WORKERS = env.flag("PIN_WORKERS")
# Answered before the middleware begins; see portal.hotpaths.
HOT_PATHS = {"/api/v1/codes/verify": "cards.api.verify.verify_code"}

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
ASGI_APPLICATION = "portal.asgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
EVENT_WIRING = "portal.wiring"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.page",
                "notifications.context.inbox",
                "notifications.context.live",
            ],
        },
    }
]

# --- data ------------------------------------------------------------------------------------

DATABASES = {
    "default": database.parse(env.text("DATABASE_URL"), connection_age=env.number("CONN_MAX_AGE", 600))
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.text("REDIS_URL")
if TESTING:
    # Test processes run side by side, and clearing the cache empties a whole database.
    REDIS_URL = database.redis_of_process(REDIS_URL, env.text("PYTEST_XDIST_WORKER", ""))
REDIS_PREFIX = env.text("REDIS_PREFIX", "ehc")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": REDIS_PREFIX,
    }
}

# --- keys ------------------------------------------------------------------------------------

EHC_ROOT_KEY = env.text("EHC_ROOT_KEY", "5ca1ab1e0ddba11f00dcafe5eedfed42" if TESTING else "")
EHC_ROOT_KEY_FILE = env.text("EHC_ROOT_KEY_FILE", "")
# Only while the root key is exchanged: what is still under the one before can be opened.
EHC_ROOT_KEY_BEFORE = env.text("EHC_ROOT_KEY_BEFORE", "")
EHC_ROOT_KEY_BEFORE_FILE = env.text("EHC_ROOT_KEY_BEFORE_FILE", "")
AUDIT_CHECKPOINT_FILE = env.text("AUDIT_CHECKPOINT_FILE", str(BASE_DIR / "var" / "audit-checkpoints.jsonl"))

# --- accounts and sessions -------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.Account"
AUTHENTICATION_BACKENDS = [
    "foundation.accounts.backends.StaffPasswordBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
STAFF_HOME_URL = "/admin/"
# How many proxies of ours stand in front and name the address that asks.
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXIES", 0)
ACCOUNT_ADAPTER = "foundation.accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None  # accounts have no address; staff are known by a user name
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_FORMS = {
    "login": "foundation.accounts.staff_forms.StaffSignIn",
    "reauthenticate": "foundation.accounts.staff_forms.ConfirmPassword",
    "change_password": "foundation.accounts.staff_forms.ChangePassword",
}
MFA_FORMS = {
    "authenticate": "foundation.accounts.staff_forms.SecondStep",
    "reauthenticate": "foundation.accounts.staff_forms.ConfirmSecondStep",
    "activate_totp": "foundation.accounts.staff_forms.ActivateTotpForm",
    "add_webauthn": "foundation.accounts.staff_forms.AddPasskeyForm",
    "edit_webauthn": "foundation.accounts.staff_forms.RenamePasskey",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = CENTRE_NAME
MFA_ADAPTER = "foundation.accounts.adapter.SecondFactorAdapter"
HEADLESS_CLIENTS = ("app",)
HEADLESS_ONLY = False
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_AGE = 30 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
USERSESSIONS_TRACK_ACTIVITY = False  # foundation.accounts.middleware notes it, less often
# Asked after a sign-in from a new device when the account was silent for long: the accounts
# know no person, so the room that does answers.
SECOND_PROOF_CHECK = "identity.services.second_proof_holds"
# Codes go by the shares that all SMS go by; the room that keeps them stands above the accounts.
SMS_NEXT_SUPPLIER = "notifications.services.suppliers.next_supplier"
SMS_SUPPLIER_FAILED = "notifications.services.suppliers.note_error"

# --- signing in elsewhere with the card ------------------------------------------------------

OAUTH2_PROVIDER_APPLICATION_MODEL = "oidc.RelyingParty"
OAUTH2_PROVIDER = {
    "OIDC_ENABLED": True,
    "OIDC_ISS_ENDPOINT": f"{BASE_URL}/oidc",
    # Read when a token is signed: the keys live encrypted in the database.
    "OIDC_RSA_PRIVATE_KEY": deferred.active_pem(),
    "OIDC_RSA_PRIVATE_KEYS_INACTIVE": deferred.retired_pems(),
    "OIDC_RESPONSE_TYPES_SUPPORTED": ["code"],
    "OIDC_SUBJECT_TYPES_SUPPORTED": ["pairwise"],
    "OAUTH2_VALIDATOR_CLASS": "interop.oidc.claims.HealthCardValidator",
    "SCOPES": {name: scope.label for name, scope in oidc_rules.SCOPES.items()},
    "DEFAULT_SCOPES": ["openid"],
    "ALLOWED_REDIRECT_URI_SCHEMES": ["http", "https"] if DEMO else ["https"],
    "AUTHORIZATION_CODE_EXPIRE_SECONDS": 60,
    "ACCESS_TOKEN_EXPIRE_SECONDS": 600,
    "ID_TOKEN_EXPIRE_SECONDS": 600,
    # A system that wants to know again sends the resident here again.
    "REFRESH_TOKEN_EXPIRE_SECONDS": 600,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "PKCE_REQUIRED": True,
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_MATCHING": True,
    "COMPLIANT_BCP_RFC9700_PKCE_REQUIRED": True,
}

# --- outside systems -------------------------------------------------------------------------

# Networks that are not public, and to whose machines notices of institutions may be posted all the same.
CALLBACK_NETWORKS = env.networks("CALLBACK_NETWORKS", "127.0.0.0/8,::1/128" if DEMO else "")
SANDBOX_URL = env.text("SANDBOX_URL", "http://127.0.0.1:8020" if DEMO else "")
SMS_BASE = env.text("SMS_BASE", SANDBOX_URL)
SMS_KEY = env.text("SMS_KEY", "sandbox-sms-key" if DEMO else "")
# A second supplier, for when the first is slow or away; none without an address.
SMS2_BASE = env.text("SMS2_BASE", f"{SANDBOX_URL}/second" if SANDBOX_URL else "")
SMS2_KEY = env.text("SMS2_KEY", "sandbox-sms2-key" if DEMO else "")
POPULATION_BASE = env.text("POPULATION_BASE", SANDBOX_URL)
POPULATION_APP_ID = env.text("POPULATION_APP_ID", "sandbox-centre" if DEMO else "")
POPULATION_KEY = env.text("POPULATION_KEY", "sandbox-population-key" if DEMO else "")
WEIXIN_API_BASE = env.text("WEIXIN_API_BASE", SANDBOX_URL or "https://api.weixin.qq.com")
WEIXIN_OPEN_BASE = env.text("WEIXIN_OPEN_BASE", SANDBOX_URL or "https://open.weixin.qq.com")
WEIXIN_MINI_APPID = env.text("WEIXIN_MINI_APPID", "wxmini0000000demo" if DEMO else "")
WEIXIN_MINI_SECRET = env.text("WEIXIN_MINI_SECRET", "sandbox-mini-secret" if DEMO else "")
WEIXIN_OFFICIAL_APPID = env.text("WEIXIN_OFFICIAL_APPID", "wxoffi0000000demo" if DEMO else "")
WEIXIN_OFFICIAL_SECRET = env.text("WEIXIN_OFFICIAL_SECRET", "sandbox-official-secret" if DEMO else "")
# How many messages one worker hands over at the same time.
NOTIFICATION_SENDERS = env.number("NOTIFICATION_SENDERS", 8)
# What the pages of "message push" at WeChat ask for; the old EncodingAESKey still opens what is on its way.
WEIXIN_PUSH_TOKEN = env.text("WEIXIN_PUSH_TOKEN", "sandboxpushtoken" if DEMO else "")
WEIXIN_PUSH_KEYS = env.words(
    "WEIXIN_PUSH_KEYS", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG" if DEMO else ""
)
# The mini-program's page of one message.
WEIXIN_MINI_PAGE = env.text("WEIXIN_MINI_PAGE", "pages/message/index?id={message}")
FACE_BASE = env.text("FACE_BASE", SANDBOX_URL)
FACE_APP_ID = env.text("FACE_APP_ID", "sandbox-centre" if DEMO else "")
FACE_KEY = env.text("FACE_KEY", "sandbox-face-key" if DEMO else "")
REAL_NAME_PROVIDER = env.text("REAL_NAME_PROVIDER", "identity.providers.population.PopulationDatabase")
# How hard a list of people may press the provider: calls under way together, and begun in a second.
REAL_NAME_BATCH_AT_ONCE = env.number("REAL_NAME_BATCH_AT_ONCE", 8)
REAL_NAME_BATCH_PER_SECOND = env.number("REAL_NAME_BATCH_PER_SECOND", 50)

# --- reports ---------------------------------------------------------------------------------

# A font with Chinese letters for reports that we render, and its place if the file is a collection.
PDF_FONT = env.text("PDF_FONT", "")
PDF_FONT_INDEX = env.number("PDF_FONT_INDEX", 0)

# --- the card centre -------------------------------------------------------------------------

# EHCAPPID: six digits of the division and five of the issuing application.
EHCAPPID = env.text("EHCAPPID", "11010100001" if DEMO else None)
# Under which address other card centres reach this one.
NODE_BASE_URL = env.text("NODE_BASE_URL", "") or BASE_URL
CROSS_DOMAIN_PROVIDER = env.text("CROSS_DOMAIN_PROVIDER", "interop.crossdomain.asking.NationalCentre")
# How many foreign codes one process asks about at the same time; its other threads stay for our own.
CROSS_DOMAIN_CONCURRENCY = env.number("CROSS_DOMAIN_CONCURRENCY", 4)
UPWARD_PROVIDER = env.text("UPWARD_PROVIDER", "interop.upward.UpperCentre")
# "batch" hands verifications to the process's committer thread; "inline" commits each one in
# the request's own transaction (background jobs, tests).
USAGE_WRITER = env.text("USAGE_WRITER", "inline" if TESTING else "batch")

# Lists for which cards are made in advance: how much is taken at once, how many lines a worker
# takes together, and how long it may be silent before another one goes on.
BATCH_MOST_ROWS = env.number("BATCH_MOST_ROWS", 20_000)
BATCH_MOST_BYTES = env.number("BATCH_MOST_BYTES", 8_000_000)
BATCH_CHUNK = env.number("BATCH_CHUNK", 200)
BATCH_LEASE_SECONDS = env.number("BATCH_LEASE_SECONDS", 120)

# How long an event of an institution waits for one before it that is missing, and is asked for.
EVENT_GAP_SECONDS = env.number("EVENT_GAP_SECONDS", 120)

# --- money -----------------------------------------------------------------------------------

# Ways of paying; each is a class after payments.providers.base.Provider.
PAYMENT_PROVIDERS = [
    "payments.providers.cash.WindowCash",
    "payments.providers.cash.HospitalTill",
    "payments.providers.prepaid.Balance",
    "payments.providers.weixinpay.WeixinPay",
    "payments.providers.alipay.Alipay",
    "payments.providers.unionpay.UnionPay",
]
# How long a hospital may take to post what was paid for its bill, where it has no rule of its own.
POSTING_LIMIT_MINUTES = env.number("POSTING_LIMIT_MINUTES", 120)
# Prepaid balances: what may be topped up at once, and what may stand in a balance, in fen.
PREPAID_TOP_UP_LEAST_FEN = env.number("PREPAID_TOP_UP_LEAST_FEN", 100)
PREPAID_TOP_UP_MOST_FEN = env.number("PREPAID_TOP_UP_MOST_FEN", 500_000)
PREPAID_BALANCE_MOST_FEN = env.number("PREPAID_BALANCE_MOST_FEN", 1_000_000)
# From which hour of the next day on a channel has its statement of a day, in Beijing.
PAYMENT_STATEMENT_HOURS = {"default": 10, "weixinpay": 10, "alipay": 10, "unionpay": 10}
# Public insurances; classes after payments.insurance.base.Insurer and payments.insurance.desk.InsuranceDesk.
PAYMENT_INSURERS = ["payments.insurance.mobile.MobileCentre"]
PAYMENT_INSURANCE_DESKS = ["payments.insurance.core.InsuranceCore"]

# --- tasks and live updates ------------------------------------------------------------------

CELERY_BROKER_URL = (
    REDIS_URL
    if not REDIS_URL.startswith("unix://")
    else REDIS_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=", 1)
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = queues.ROUTES
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 600, "global_keyprefix": f"{REDIS_PREFIX}:celery:"}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "Asia/Shanghai"
WS_URL = env.text("WS_URL", "ws://127.0.0.1:8001/ws")
WS_ALLOWED_ORIGINS = env.words("WS_ALLOWED_ORIGINS", BASE_URL)

# --- language, time, files -------------------------------------------------------------------

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# The demo and the tests serve files straight from the source folders; production collects.
STATIC_ROOT = None if DEMO else env.text("STATIC_ROOT", str(BASE_DIR / "var" / "static"))
WHITENOISE_USE_FINDERS = DEMO
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEMO
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}

# --- security headers ------------------------------------------------------------------------

SECURE = not DEMO and not DEBUG
SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_SECURE = SECURE
SECURE_SSL_REDIRECT = False  # the proxy in front redirects; behind it every request is plain
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
# Documents of institutions, 5 MB at most, never lie on a disk in plain.
FILE_UPLOAD_MAX_MEMORY_SIZE = 6 * 1_048_576
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF, WS_URL],
        "frame-ancestors": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF, *([SANDBOX_URL] if DEMO and SANDBOX_URL else [])],
        "object-src": [NONE],
    }
}
CSRF_FAILURE_VIEW = "portal.errors.csrf_failure"

# --- interfaces ------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["foundation.gateway.drf.Authenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["foundation.gateway.drf.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "foundation.gateway.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = schema.DESCRIPTION
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # whether subdomains speak TLS alone is known to the domain's owner
    "security.W008",  # the proxy redirects (deploy/nginx.conf)
    "security.W021",  # a place on the browsers' list cannot be taken back
]

# Django calls the function only where LOGGING says something; what it says is the function's.
LOGGING_CONFIG = "portal.logs.configure"
LOGGING = {"configured_by": "portal.logs"}
